// Sources of logs and their health: seen when, at which rhythm, understood or not.
import { Input } from 'antd';
import { useSession } from '../../app/session';
import { useList, type Schemas } from '../../api/client';
import { useAddress } from '../../parts/address';
import { AgencyChoice, ListPanel } from '../../parts/list';
import { Health, healths } from '../../parts/marks';
import { Chip, Command, Empty, Page, Panel } from '../../parts/page';
import { useText } from '../../text';
import { useRested } from './Agencies';
import { useSourceColumns } from './tables';

type Sort = 'name' | '-name' | 'last_seen' | '-last_seen' | '-per_minute' | '-undecoded';

export default function Sources() {
  const { t, number } = useText();
  const { role } = useSession();
  const { get, set } = useAddress();
  const [words, setWords] = useRested(get('words') ?? '', (w) => set({ words: w }));
  const sort = (get('sort') as Sort | undefined) ?? '-last_seen';
  const health = get('health') as Schemas['Health'] | undefined;
  const list = useList('/sources', { words: get('words'), agency: get('agency'), system: get('system'), health, sort, limit: 100 }, { every: 10_000 });
  const columns = useSourceColumns(role !== 'agency');
  const connect = list.first?.connect;
  const counts = list.first?.counts;
  const silent = counts && counts.heard === 0 && counts.silent === 0;
  return (
    <Page
      title={t('place.sources')}
      sub={counts && t('sources.sub', { heard: number(counts.heard), n: number(counts.heard + counts.silent + counts.never + counts.unknown) })}
      tools={
        <>
          <Chip on={!health} onClick={() => set({ health: null })}>
            {t('matrix.all')}
          </Chip>
          {counts &&
            healths
              .filter((h) => counts[h] > 0 || h === health)
              .map((h) => (
                <Chip key={h} on={h === health} onClick={() => set({ health: h === health ? null : h })}>
                  <Health health={h} /> {number(counts[h])}
                </Chip>
              ))}
          {get('system') && (
            <Chip on onClick={() => set({ system: null })}>
              {t('search.only', { what: get('system')! })} ✕
            </Chip>
          )}
          <Input allowClear aria-label={t('common.find')} placeholder={t('sources.find')} value={words} onChange={(e) => setWords(e.target.value)} style={{ width: 190 }} />
          <AgencyChoice value={get('agency')} onChange={(a) => set({ agency: a })} />
        </>
      }
    >
      {silent && connect && (
        <Panel className="panel-need">
          <Empty command={connect.rsyslog}>{t('sources.none')}</Empty>
        </Panel>
      )}
      <ListPanel
        list={list}
          label={t('place.sources')}
          columns={columns}
          rowKey={(r) => r.id}
          sort={sort}
          onSort={(s) => set({ sort: s })}
          empty={<Empty>{t('list.none_such')}</Empty>}
      />
      {!silent && connect && (connect.rsyslog || connect.http) && (
        <details className="connect">
          <summary>{t('sources.connect_more')}</summary>
          {connect.rsyslog && (
            <>
              <p>{t('sources.connect_rsyslog')}</p>
              <Command text={connect.rsyslog} />
            </>
          )}
          {connect.logger && (
            <>
              <p>{t('sources.connect_logger')}</p>
              <Command text={connect.logger} />
            </>
          )}
          {connect.http && (
            <>
              <p>{t('sources.connect_http')}</p>
              <Command text={connect.http} />
            </>
          )}
        </details>
      )}
    </Page>
  );
}
