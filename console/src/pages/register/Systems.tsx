// Information systems: whose, at which level, and whether they are heard.
import { Input, Select } from 'antd';
import { useSession } from '../../app/session';
import { useList, type Schemas } from '../../api/client';
import { useAddress } from '../../parts/address';
import { AgencyChoice, ListPanel } from '../../parts/list';
import { healths } from '../../parts/marks';
import { Empty, Page } from '../../parts/page';
import { useText } from '../../text';
import { useRested } from './Agencies';
import { useSystemColumns } from './tables';

type Sort = 'agency' | 'name' | '-name' | '-level' | 'level' | 'last_seen';

export default function Systems() {
  const { t, number } = useText();
  const { role } = useSession();
  const { get, set } = useAddress();
  const [words, setWords] = useRested(get('words') ?? '', (w) => set({ words: w }));
  const sort = (get('sort') as Sort | undefined) ?? 'agency';
  const health = get('health') as Schemas['Health'] | undefined;
  const list = useList('/systems', { words: get('words'), agency: get('agency'), health, sort, limit: 100 }, { every: 30_000 });
  const columns = useSystemColumns(role !== 'agency');
  const asked = Boolean(get('words') || get('agency') || health);
  return (
    <Page
      title={t('place.systems')}
      sub={list.first && t('systems.sub', { n: number(list.first.total) })}
      tools={
        <>
          <Input allowClear aria-label={t('common.find')} placeholder={t('systems.find')} value={words} onChange={(e) => setWords(e.target.value)} style={{ width: 220 }} />
          <Select aria-label={t('sources.health')} value={health ?? ''} style={{ width: 150 }} onChange={(h: string) => set({ health: h })} options={[{ value: '', label: t('sources.any_health') }, ...healths.map((h) => ({ value: h as string, label: t(`health.${h}`) }))]} />
          <AgencyChoice value={get('agency')} onChange={(a) => set({ agency: a })} />
        </>
      }
    >
      <ListPanel
        list={list}
          label={t('place.systems')}
          columns={columns}
          rowKey={(r) => r.id}
          sort={sort}
          onSort={(s) => set({ sort: s })}
          empty={<Empty>{asked ? t('list.none_such') : t('home.systems_none')}</Empty>}
      />
    </Page>
  );
}
