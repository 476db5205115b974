// The home page answers each role's own question before they click.
import { useGet } from '../../api/client';
import { useAddress } from '../../parts/address';
import { Page, Shown } from '../../parts/page';
import { useText } from '../../text';
import { AdminHome } from './AdminHome';
import { AgencyHome } from './AgencyHome';
import { LeadHome } from './LeadHome';
import { LeaderHome } from './LeaderHome';
import { ReaderHome } from './ReaderHome';
import { ResponderHome } from './ResponderHome';

export default function Home() {
  const { t } = useText();
  const { get } = useAddress();
  const home = useGet('/home', { query: { period: get('period'), at: get('at') } }, { every: 20_000 });
  if (home.data === undefined)
    return (
      <Page title={t('place.home')}>
        <Shown of={home}>{() => null}</Shown>
      </Page>
    );
  const data = home.data;
  switch (data.kind) {
    case 'lead':
      return <LeadHome home={data} />;
    case 'agency':
      return <AgencyHome home={data} />;
    case 'responder':
      return <ResponderHome home={data} />;
    case 'leader':
      return <LeaderHome home={data} />;
    case 'admin':
      return <AdminHome home={data} />;
    case 'reader':
      return <ReaderHome home={data} />;
  }
}
