// All incidents, the open ones first.
import PlusOutlined from '@ant-design/icons/es/icons/PlusOutlined';
import { Select } from 'antd';
import { Link } from 'react-router-dom';
import { useSession } from '../../app/session';
import { useList, type Schemas } from '../../api/client';
import { useAddress } from '../../parts/address';
import { Countdown } from '../../parts/incidents';
import { AgencyChoice, ListPanel, type Column } from '../../parts/list';
import { Level, State, severities } from '../../parts/marks';
import { Chip, Empty, Page } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';

type Row = Schemas['IncidentSummary'];
const shows = ['open', 'closed', 'rejected', 'all'] as const;
type Sort = '-opened' | 'opened' | '-severity' | 'due';

export default function Incidents() {
  const { t, number } = useText();
  const { role } = useSession();
  const { get, set } = useAddress();
  const show = get('state') ?? 'open';
  const sort = (get('sort') as Sort | undefined) ?? (show === 'open' ? 'due' : '-opened');
  const list = useList('/incidents', {
    state: show === 'all' ? undefined : show,
    severity: get('severity') as Schemas['Severity'] | undefined,
    agency: get('agency'),
    sort,
    limit: 50,
  }, { every: 20_000 });
  const columns: Column<Row>[] = [
    { name: 'incidents.title', head: true, cell: (r) => <Link to={`/incidents/${r.id}`}><span className="quiet">{r.number}</span> {r.title}</Link> },
    { name: 'incidents.severity', cell: (r) => <Level level={r.severity} />, sort: { down: '-severity' } },
    { name: 'incidents.state', cell: (r) => <State name={`incident_state.${r.state}`} kind={r.state} /> },
    { name: 'incidents.clock', cell: (r) => (r.clock ? <Countdown clock={r.clock} /> : <span className="quiet">–</span>), sort: { up: 'due' } },
    { name: 'field.agency', cell: (r) => (r.agency ? <Link to={`/agencies/${r.agency.id}`}>{r.agency.short ?? r.agency.name}</Link> : '–') },
    { name: 'incidents.alerts', end: true, cell: (r) => number(r.alerts) },
    { name: 'incidents.opened', cell: (r) => <When time={r.opened} />, sort: { up: 'opened', down: '-opened' } },
  ];
  return (
    <Page
      title={t('place.incidents')}
      sub={list.first && t('incidents.sub', { n: number(list.first.total) })}
      tools={
        <>
          {shows.map((s) => (
            <Chip key={s} on={show === s} onClick={() => set({ state: s === 'open' ? null : s, sort: null })}>
              {t(`incidents.show_${s}`)}
            </Chip>
          ))}
          <Select aria-label={t('incidents.severity')} value={get('severity') ?? ''} style={{ width: 150 }} onChange={(s: string) => set({ severity: s })}
            options={[{ value: '', label: t('alerts.any_level') }, ...severities.map((s) => ({ value: s as string, label: t('alerts.at_least', { level: t(`level.${s}`) }) }))]} />
          <AgencyChoice value={get('agency')} onChange={(a) => set({ agency: a })} />
          {(role === 'lead' || role === 'agency' || role === 'responder') && (
            <Link className="button-link button-primary" to="/incidents/new">
              <PlusOutlined /> {t('incidents.new')}
            </Link>
          )}
        </>
      }
    >
      <ListPanel
        list={list}
          label={t('place.incidents')}
          columns={columns}
          rowKey={(r) => r.id}
          sort={sort}
          onSort={(s) => set({ sort: s })}
          empty={<Empty>{show === 'open' ? t('incidents.none') : t('incidents.none_such')}</Empty>}
      />
    </Page>
  );
}
