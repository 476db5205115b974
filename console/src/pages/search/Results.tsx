// The lines found. A row opens to its fields; rows out of sight are not laid out.
import { Button } from 'antd';
import { memo, useState } from 'react';
import { Link } from 'react-router-dom';
import type { Schemas } from '../../api/client';
import { searchAddress } from '../../parts/address';
import { said, sender } from '../../parts/event';
import { Line } from '../../parts/line';
import { useText } from '../../text';
import { iso } from '../../text/format';

type Event = Schemas['Event'];
type OnFilter = (field: string, value: string, out: boolean) => void;
const AROUND = 5 * 60_000;

export function around(event: Event): string {
  const at = new Date(event.time).getTime();
  return searchAddress({ query: '', from: iso(at - AROUND), to: iso(at + AROUND), agency: null, source: event.source?.id ?? null });
}

function FieldsOf({ event, words, onFilter }: { event: Event; words: string[]; onFilter: OnFilter }) {
  const { t, exact } = useText();
  const fields = Object.entries(event.fields).filter(([, v]) => v !== null && v !== '');
  return (
    <div className="event-open">
      <pre className="event-raw" tabIndex={0}>
        <Line text={event.raw} words={words} />
      </pre>
      <dl className="event-meta">
        <div>
          <dt>{t('event.time')}</dt>
          <dd>{exact(event.time)}</dd>
        </div>
        <div>
          <dt>{t('event.received')}</dt>
          <dd>{exact(event.received)}</dd>
        </div>
        <div>
          <dt>{t('field.system')}</dt>
          <dd>{event.system ? <Link to={`/systems/${event.system.id}`}>{event.system.name}</Link> : '–'}</dd>
        </div>
        <div>
          <dt>{t('field.source')}</dt>
          <dd>{event.source ? <Link to={`/sources/${event.source.id}`}>{event.source.name}</Link> : t('event.unknown_source')}</dd>
        </div>
        <div>
          <dt>{t('event.decoder')}</dt>
          <dd>{event.decoder ? [event.decoder, event.product, event.category, event.service].filter(Boolean).join(' · ') : t('event.undecoded')}</dd>
        </div>
      </dl>
      {fields.length > 0 && (
        <table className="event-fields">
          <tbody>
            {fields.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  <Line text={String(value)} words={words} />
                </td>
                <td className="event-filter">
                  <Button size="small" type="text" aria-label={t('search.filter_in', { field: name, value: String(value) })} title={t('search.filter_in', { field: name, value: String(value) })} onClick={() => onFilter(name, String(value), false)}>
                    +
                  </Button>
                  <Button size="small" type="text" aria-label={t('search.filter_out', { field: name, value: String(value) })} title={t('search.filter_out', { field: name, value: String(value) })} onClick={() => onFilter(name, String(value), true)}>
                    −
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p>
        <Link to={around(event)}>{t('event.around')}</Link>
      </p>
    </div>
  );
}

const Row = memo(function Row({ event, words, onFilter, open, toggle }: { event: Event; words: string[]; onFilter: OnFilter; open: boolean; toggle: (id: string) => void }) {
  const { lineTime, exact } = useText();
  return (
    <li className={open ? 'event event-is-open' : 'event'}>
      <button type="button" className="event-line" aria-expanded={open} onClick={() => toggle(event.id)}>
        <time dateTime={event.time} title={exact(event.time)}>
          {lineTime(event.time)}
        </time>
        <span className="event-source" title={event.source?.name}>
          {sender(event)}
        </span>
        <span className="event-agency">{event.agency?.short ?? event.agency?.name ?? '–'}</span>
        <span className="event-text">
          <Line text={said(event)} words={words} />
        </span>
      </button>
      {open && <FieldsOf event={event} words={words} onFilter={onFilter} />}
    </li>
  );
});

export function Results({ events, words, onFilter, more, busy }: { events: Event[]; words: string[]; onFilter: OnFilter; more?: () => void; busy: boolean }) {
  const { t } = useText();
  const [open, setOpen] = useState<string | null>(null);
  const [toggle] = useState(() => (id: string) => setOpen((now) => (now === id ? null : id)));
  return (
    <>
      <div className="events-head" aria-hidden="true">
        <span>{t('field.time')}</span>
        <span>{t('field.source')}</span>
        <span>{t('field.agency')}</span>
        <span>{t('field.line')}</span>
      </div>
      <ol className="events" aria-label={t('search.results')}>
        {events.map((e) => (
          <Row key={e.id} event={e} words={words} onFilter={onFilter} open={open === e.id} toggle={toggle} />
        ))}
      </ol>
      {more && (
        <div className="list-foot">
          <Button size="small" onClick={more} loading={busy}>
            {t('list.more')}
          </Button>
        </div>
      )}
    </>
  );
}
