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

export function Around({ alert }: { alert: Schemas['Alert'] }) {
  const { t, number, lineTime } = useText();
  const { query, from, to, agency, source } = alert.context;
  const middle = alert.events[0]?.time ?? alert.first_time;
  const same = { query, agency: agency ?? undefined, source: source ?? undefined };
  const before = useGet('/events', { query: { ...same, from, to: middle, order: 'newest', limit: BEFORE } });
  const after = useGet('/events', { query: { ...same, from: middle, to, order: 'oldest', limit: AFTER } });
  const own = new Set(alert.events.map((e) => e.id));
  const lines =
    before.data && after.data
      ? { items: [...[...before.data.items].reverse(), ...after.data.items], total: before.data.total === null || after.data.total === null ? null : before.data.total + after.data.total }
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
            <ol className="lines" tabIndex={0} aria-label={t('search.results')}>
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
