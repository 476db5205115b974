// The source's lines five minutes before and after; those of the alert stand out.
import { Link } from 'react-router-dom';
import { useGet, type Schemas } from '../../api/client';
import { searchAddress } from '../../parts/address';
import { Shown } from '../../parts/page';
import { useText } from '../../text';

const LINES = 40;

export function Around({ alert }: { alert: Schemas['Alert'] }) {
  const { t, number, lineTime } = useText();
  const { query, from, to, agency, source } = alert.context;
  const lines = useGet('/events', { query: { query, from, to, agency: agency ?? undefined, source: source ?? undefined, order: 'oldest', limit: LINES } });
  const own = new Set(alert.events.map((e) => e.id));
  return (
    <Shown of={lines} lines={4}>
      {(page) => {
        const gone = page.items.length === 0;
        const shown = gone ? alert.events : page.items;
        return (
          <>
            {gone && <p className="quiet">{t('alerts.kept')}</p>}
            <ol className="lines" tabIndex={0} aria-label={t('search.results')}>
              {shown.map((e) => (
                <li key={e.id} className={own.has(e.id) ? 'own' : undefined}>
                  <time dateTime={e.time}>{lineTime(e.time)}</time> {e.raw}
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
