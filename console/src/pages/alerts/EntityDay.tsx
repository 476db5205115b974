// The last day of what the alert is about: hours before in blue, the alert's own in red.
import { useGet, type Schemas } from '../../api/client';
import { Shown } from '../../parts/page';
import { useText } from '../../text';

const BUCKETS = 48;

export function EntityDay({ link, from, to }: { link: Schemas['EventsLink']; from: string; to: string }) {
  const { t, number, hourMinute, exact } = useText();
  const day = useGet('/events/histogram', {
    query: { query: link.query, from: link.from, to: link.to, agency: link.agency ?? undefined, source: link.source ?? undefined, buckets: BUCKETS },
  });
  return (
    <Shown of={day} lines={2}>
      {(h) => {
        const top = Math.max(1, ...h.items.map((b) => b.count));
        const inside = (time: string) => {
          const at = new Date(time).getTime();
          return at + h.bucket_seconds * 1000 > new Date(from).getTime() && at <= new Date(to).getTime();
        };
        return (
          <div className="day">
            <svg viewBox={`0 0 ${h.items.length * 10} 60`} preserveAspectRatio="none" role="img" aria-label={t('alerts.day_total', { n: number(h.total) })}>
              {h.items.map((b, i) =>
                b.count > 0 ? (
                  <rect key={b.time} x={i * 10 + 1} width="8" y={60 - Math.max(2, (58 * b.count) / top)} height={Math.max(2, (58 * b.count) / top)} className={inside(b.time) ? 'inside' : undefined}>
                    <title>{`${exact(b.time)}: ${number(b.count)}`}</title>
                  </rect>
                ) : null,
              )}
            </svg>
            <div className="day-axis quiet">
              <span>{hourMinute(h.from)}</span>
              <span>{t('alerts.day_total', { n: number(h.total) })}</span>
              <span>{hourMinute(h.to)}</span>
            </div>
          </div>
        );
      }}
    </Shown>
  );
}
