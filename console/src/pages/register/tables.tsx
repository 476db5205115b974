// Systems and sources as tables: the same on their own pages and on an agency's.
import { Link } from 'react-router-dom';
import { mayOpen } from '../../app/places';
import { useSession } from '../../app/session';
import type { Schemas } from '../../api/client';
import { Spark } from '../../parts/figures';
import type { Column } from '../../parts/list';
import { Health } from '../../parts/marks';
import { When } from '../../parts/time';
import { useText } from '../../text';

type Source = Schemas['Source'];
type System = Schemas['System'];

export function useSourceColumns(withAgency: boolean): Column<Source>[] {
  const { t, number, percent, span } = useText();
  const columns: Column<Source>[] = [
    { name: 'field.source', head: true, cell: (r) => <Link to={`/sources/${r.id}`}>{r.name}</Link>, sort: { up: 'name', down: '-name' } },
    { name: 'sources.health', cell: (r) => <Health health={r.health} /> },
    { name: 'field.system', cell: (r) => (r.system ? <Link to={`/systems/${r.system.id}`}>{r.system.name}</Link> : <span className="quiet">–</span>) },
    { name: 'field.agency', cell: (r) => (r.agency ? <Link to={`/agencies/${r.agency.id}`}>{r.agency.short ?? r.agency.name}</Link> : <span className="quiet">–</span>) },
    { name: 'sources.last_seen', cell: (r) => (r.last_seen ? <When time={r.last_seen} /> : <span className="quiet">{t('sources.never_sent')}</span>), sort: { up: 'last_seen', down: '-last_seen' } },
    { name: 'sources.per_minute', end: true, cell: (r) => number(r.per_minute, 1), sort: { down: '-per_minute' } },
    { name: 'sources.day', width: '150px', cell: (r) => <Spark values={r.spark} title={t('sources.day_title', { name: r.name, events: number(r.events_day) })} /> },
    {
      name: 'sources.undecoded',
      end: true,
      cell: (r) => (r.events_day > 0 ? <span title={t('sources.undecoded_title', { n: number(r.undecoded_day), all: number(r.events_day) })}>{percent(r.undecoded_day, r.events_day)}</span> : <span className="quiet">–</span>),
      sort: { down: '-undecoded' },
    },
    { name: 'sources.skew', end: true, cell: (r) => (r.skew_seconds === null ? <span className="quiet">–</span> : Math.abs(r.skew_seconds) < 2 ? t('sources.skew_none') : `${r.skew_seconds < 0 ? '−' : '+'}${span(r.skew_seconds)}`) },
  ];
  return withAgency ? columns : columns.filter((c) => c.name !== 'field.agency');
}

export function useSystemColumns(withAgency: boolean): Column<System>[] {
  const { t, number } = useText();
  const { role } = useSession();
  const columns: Column<System>[] = [
    { name: 'field.system', head: true, cell: (r) => <Link to={`/systems/${r.id}`}>{r.name}</Link>, sort: { up: 'name', down: '-name' } },
    { name: 'field.agency', cell: (r) => <Link to={`/agencies/${r.agency.id}`}>{r.agency.short ?? r.agency.name}</Link>, sort: { up: 'agency' } },
    { name: 'systems.level', end: true, cell: (r) => (r.level === null ? <span className="quiet">{t('systems.no_level')}</span> : number(r.level)), sort: { up: 'level', down: '-level' } },
    { name: 'systems.operator', cell: (r) => r.operator ?? <span className="quiet">–</span> },
    { name: 'sources.health', cell: (r) => <Health health={r.health} /> },
    {
      name: 'place.sources',
      end: true,
      cell: (r) => {
        const all = r.sources.heard + r.sources.silent + r.sources.never + r.sources.unknown;
        const text = t('systems.heard_of', { heard: number(r.sources.heard), all: number(all) });
        return mayOpen(role, '/sources') && all > 0 ? <Link to={`/sources?system=${r.id}`}>{text}</Link> : text;
      },
    },
    { name: 'sources.last_seen', cell: (r) => (r.last_seen ? <When time={r.last_seen} /> : <span className="quiet">{t('sources.never_sent')}</span>), sort: { up: 'last_seen' } },
  ];
  return withAgency ? columns : columns.filter((c) => c.name !== 'field.agency');
}
