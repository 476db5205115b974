// One source: its health, its last lines, and how it is connected.
import { Link, useParams } from 'react-router-dom';
import { useGet } from '../../api/client';
import { searchAddress } from '../../parts/address';
import { said } from '../../parts/event';
import { Spark } from '../../parts/figures';
import { Health } from '../../parts/marks';
import { Command, Empty, Page, Panel, Shown } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';
import { Enrolment } from './Enrolment';

const LINES = 20;

export default function SourcePage() {
  const { t, number, percent, span, lineTime } = useText();
  const { id } = useParams();
  const source = useGet('/sources/{source}', { path: { source: id! } }, { every: 10_000, keep: false });
  const s = source.data;
  const lines = useGet(
    '/events',
    { query: { query: s?.lines.query, from: s?.lines.from, to: s?.lines.to, source: id, limit: LINES } },
    { enabled: s !== undefined && s.last_seen !== null },
  );
  return (
    <Page
      title={s?.name ?? t('field.source')}
      sub={
        s && (
          <>
            {s.agency && <Link to={`/agencies/${s.agency.id}`}>{s.agency.name}</Link>}
            {s.system && (
              <>
                {' '}
                · <Link to={`/systems/${s.system.id}`}>{s.system.name}</Link>
              </>
            )}{' '}
            · {s.id}
          </>
        )
      }
      tools={
        s && (
          <Link className="button-link" to={searchAddress(s.lines)}>
            {t('sources.lines')}
          </Link>
        )
      }
    >
      <Shown of={source}>
        {(x) => (
          <div className="stack">
            <dl className="facts">
              <div>
                <dt>{t('sources.health')}</dt>
                <dd>
                  <Health health={x.health} />
                </dd>
              </div>
              <div>
                <dt>{t('sources.last_seen')}</dt>
                <dd>{x.last_seen ? <When time={x.last_seen} /> : t('sources.never_sent')}</dd>
              </div>
              <div>
                <dt>{t('sources.first_seen')}</dt>
                <dd>
                  <When time={x.first_seen} />
                </dd>
              </div>
              <div>
                <dt>{t('sources.per_minute')}</dt>
                <dd>
                  {number(x.per_minute, 1)}
                  {x.usual_per_minute !== null && <span className="quiet"> · {t('sources.usually', { n: number(x.usual_per_minute, 1) })}</span>}
                </dd>
              </div>
              <div>
                <dt>{t('sources.silent_after')}</dt>
                <dd>
                  {span(x.silent_after_seconds)}
                  <span className="quiet"> · {x.usual_pause_seconds === null ? t('sources.pause_unknown') : t('sources.pause_usual', { span: span(x.usual_pause_seconds) })}</span>
                </dd>
              </div>
              <div>
                <dt>{t('sources.day')}</dt>
                <dd>
                  <Spark values={x.spark} title={t('sources.day_title', { name: x.name, events: number(x.events_day) })} /> {number(x.events_day)}
                </dd>
              </div>
              <div>
                <dt>{t('sources.undecoded')}</dt>
                <dd>{x.events_day > 0 ? percent(x.undecoded_day, x.events_day) : '–'}</dd>
              </div>
              <div>
                <dt>{t('sources.skew')}</dt>
                <dd>{x.skew_seconds === null ? '–' : Math.abs(x.skew_seconds) < 2 ? t('sources.skew_none') : span(x.skew_seconds)}</dd>
              </div>
              <div>
                <dt>{t('sources.known_by')}</dt>
                <dd>
                  {[x.protocol, ...x.addresses, x.hostname, x.token ? t('sources.by_token') : ''].filter(Boolean).join(' · ') || '–'}
                  {x.by_credential && !x.token && <div className="quiet">{t('sources.by_credential')}</div>}
                </dd>
              </div>
            </dl>
            {x.sums.received > 0 && (
              <Panel title={t('sources.sums')}>
                <p>
                  {t('sources.sums_are', {
                    received: number(x.sums.received),
                    stored: number(x.sums.stored),
                    repeated: number(x.sums.repeated),
                    quarantined: number(x.sums.quarantined),
                    refused: number(x.sums.refused),
                  })}
                </p>
              </Panel>
            )}
            {x.silences.length > 0 && (
              <Panel title={t('sources.silences')}>
                <ul className="plain">
                  {x.silences.map((q) => (
                    <li key={q.from}>
                      <When time={q.from} /> – {q.to ? <When time={q.to} /> : t('sources.silent_still')}
                    </li>
                  ))}
                </ul>
              </Panel>
            )}
            <Panel title={t('sources.last_lines')}>
              {x.last_seen === null ? (
                <Empty command={x.connect.rsyslog ?? x.connect.http}>{t(x.connect.rsyslog || x.connect.http ? 'sources.none_yet' : 'sources.none_yet_enrol')}</Empty>
              ) : (
                <Shown of={lines} lines={5}>
                  {(page) =>
                    page.items.length === 0 ? (
                      <Empty>{t('sources.no_lines_now')}</Empty>
                    ) : (
                      <ol className="lines" tabIndex={0} aria-label={t('sources.last_lines')}>
                        {page.items.map((e) => (
                          <li key={e.id}>
                            <time dateTime={e.time}>{lineTime(e.time)}</time> {said(e)}
                          </li>
                        ))}
                      </ol>
                    )
                  }
                </Shown>
              )}
            </Panel>
            <Enrolment source={x.id} />
            {(x.connect.rsyslog || x.connect.http) && x.last_seen !== null && (
              <details className="connect">
                <summary>{t('sources.connect_more')}</summary>
                {x.connect.rsyslog && <Command text={x.connect.rsyslog} />}
                {x.connect.logger && <Command text={x.connect.logger} />}
                {x.connect.http && <Command text={x.connect.http} />}
              </details>
            )}
          </div>
        )}
      </Shown>
    </Page>
  );
}
