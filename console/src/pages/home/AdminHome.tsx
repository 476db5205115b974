// The admin: is the machine well?
import { Link } from 'react-router-dom';
import type { Schemas } from '../../api/client';
import { Checks } from '../../parts/doctor';
import { Page, Panel } from '../../parts/page';
import { useText } from '../../text';
import { IntakePanel } from './IntakePanel';
import { Needs } from './Needs';

export function AdminHome({ home }: { home: Schemas['HomeAdmin'] }) {
  const { t } = useText();
  const bad = home.doctor.checks.filter((c) => c.state !== 'well').length;
  return (
    <Page title={t('home.admin')} sub={bad === 0 ? t('machine.all_well', { n: home.doctor.checks.length }) : t('machine.some_bad', { n: bad })}>
      <div className="columns">
        <Panel title={t('machine.checks')} more={<Link to="/machine">{t('place.machine')}</Link>}>
          <Checks checks={home.doctor.checks} />
        </Panel>
        <div className="stack">
          <Needs sources={home.sources} />
          <ul className="needs">
            <li>
              <Link to="/users" className="need">
                <span className="need-value">{home.users}</span> {t('home.users', { n: home.users })}
              </Link>
            </li>
          </ul>
          <IntakePanel />
        </div>
      </div>
    </Page>
  );
}
