// The source's lines just before and after the alert's first event, within five minutes; those of
// the alert stand out.
import { Link } from 'react-router-dom';
import { useGet, type Schemas } from '../../api/client';
import { searchAddress } from '../../parts/address';
import { said } from '../../parts/event';
import { Shown } from '../../parts/page';
import { useText } from '../../text';

const BEFORE = 12;
const AFTER = 30;
/** A busy source says much in one second: so many are fetched to find the alert's own among them. */
const FETCHED = 120;

/** The stretch around the first line that is the alert's own. */
function nearest(lines: Schemas['Event'][], own: Set<string>): Schemas['Event'][] {
  const at = Math.max(0, lines.findIndex((e) => own.has(e.id)));
  return lines.slice(Math.max(0, at - BEFORE), at + AFTER);
}

export function Around({ alert }: { alert: Schemas['Alert'] }) {
  const { t, number, lineTime } = useText();
  const { query, from, to, agency, source } = alert.context;
  const middle = alert.events[0]?.time ?? alert.first_time;
  const same = { query, agency: agency ?? undefined, source: source ?? undefined };
  const before = useGet('/events', { query: { ...same, from, to: middle, order: 'newest', limit: BEFORE } });
  const after = useGet('/events', { query: { ...same, from: middle, to, order: 'oldest', limit: FETCHED } });
  const own = new Set(alert.events.map((e) => e.id));
  const lines =
    before.data && after.data
      ? { items: nearest([...[...before.data.items].reverse(), ...after.data.items], own), total: before.data.total === null || after.data.total === null ? null : before.data.total + after.data.total }
      : undefined;
  return (
    <Shown
      of={{
        data: lines,
        error: before.error ?? after.error,
        isPending: before.isPending || after.isPending,
        refetch: () => {
          void before.refetch();
          void after.refetch();
        },
      }}
      lines={4}
    >
      {(page) => {
        const gone = page.items.length === 0;
        const shown = gone ? alert.events : page.items;
        return (
          <>
            {gone && <p className="quiet">{t('alerts.kept')}</p>}
            <ol
              className="lines"
              ref={(box) => {
                const first = box?.querySelector<HTMLElement>('.own');
                if (box && first) box.scrollTop = first.offsetTop - box.offsetTop - 60;
              }}
              tabIndex={0}
              aria-label={t('search.results')}
            >
              {shown.map((e) => (
                <li key={e.id} className={own.has(e.id) ? 'own' : undefined}>
                  <time dateTime={e.time}>{lineTime(e.time)}</time> {said(e)}
                </li>
              ))}
            </ol>
            {!gone && (
              <p>
                <Link to={searchAddress(alert.context)}>
                  {page.total !== null ? t('alerts.lines_of', { shown: number(shown.length), total: number(page.total) }) : t('alerts.lines', { shown: number(shown.length) })} →
                </Link>
              </p>
            )}
          </>
        );
      }}
    </Shown>
  );
}
