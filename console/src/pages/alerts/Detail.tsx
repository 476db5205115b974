// One alert: what it is, why it matched, what stood around it.
import { Button } from 'antd';
import { Link } from 'react-router-dom';
import { mayOpen } from '../../app/places';
import { useSession } from '../../app/session';
import type { Schemas } from '../../api/client';
import { address, searchAddress } from '../../parts/address';
import { Line } from '../../parts/line';
import { Level, State } from '../../parts/marks';
import { When } from '../../parts/time';
import { useText } from '../../text';
import { Around } from './Around';
import { EntityDay } from './EntityDay';
import { ExceptForm } from './ExceptForm';
import { EscalateForm, ReasonForm } from './Forms';
import type { Move } from './moves';

/** Who may make an exception (openapi.yaml: POST /exceptions). */
const excepters = ['lead', 'responder', 'admin'];

/** The moves that want words first. */
export type Panelled = 'false_positive' | 'close' | 'escalate';

interface Props {
  alert: Schemas['Alert'];
  targets: number[];
  panel: Panelled | null;
  busy: boolean;
  act: (m: Move) => void;
  send: (m: Move, body: object) => void;
  close: () => void;
  back: () => void;
}

export function Detail({ alert, targets, panel, busy, act, send, close, back }: Props) {
  const { t, number, span, exact } = useText();
  const { role } = useSession();
  const can = (m: Move) => alert.can.includes(m) || targets.length > 1;
  const techniques = alert.tags.filter((x) => /^attack\.t\d/i.test(x)).map((x) => x.slice(7).toUpperCase());
  return (
    <article className="detail">
      <button type="button" className="chip detail-back" onClick={back}>
        ← {t('alerts.back')}
      </button>
      <header>
        <h2>
          <Level level={alert.level} /> {alert.title}
        </h2>
        <p className="quiet">
          {[
            alert.source?.name,
            alert.system?.name,
            alert.agency?.name,
            ...techniques,
            t('alerts.rule_of', { rule: alert.detail.title, author: alert.detail.author ?? '–' }),
            t('alerts.record', { right: alert.record.true_positive, all: alert.record.alerts, days: alert.record.days }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </p>
        <p>
          <State name={`alert_state.${alert.state}`} kind={alert.state} /> {alert.taken_by && alert.state === 'taken' && <span>{alert.taken_by} · </span>}
          <span className="quiet">
            {t('alerts.seen', { first: exact(alert.first_time), n: number(alert.matches) })} <When time={alert.last_time} />
          </span>
          {alert.incident !== null && (
            <>
              {' '}
              · {mayOpen(role, '/incidents') ? <Link to={`/incidents/${alert.incident}`}>{t('alerts.to_incident')}</Link> : t('alerts.to_incident')}
            </>
          )}
        </p>
      </header>
      <div className="actions">
        {can('take') && (
          <Button type="primary" onClick={() => act('take')} loading={busy}>
            {t('keys.take')} <kbd>t</kbd>
          </Button>
        )}
        {can('release') && (
          <Button onClick={() => act('release')} loading={busy}>
            {t('keys.release')} <kbd>r</kbd>
          </Button>
        )}
        {can('false_positive') && (
          <Button onClick={() => act('false_positive')} aria-expanded={panel === 'false_positive'}>
            {t('keys.false_positive')} <kbd>f</kbd>
          </Button>
        )}
        {can('close') && (
          <Button onClick={() => act('close')} aria-expanded={panel === 'close'}>
            {t('keys.done')} <kbd>c</kbd>
          </Button>
        )}
        {can('escalate') && (
          <Button onClick={() => act('escalate')} aria-expanded={panel === 'escalate'}>
            {t('keys.escalate')} <kbd>e</kbd>
          </Button>
        )}
        {alert.day && (
          <Link className="button-link" to={searchAddress(alert.day)}>
            {t('alerts.search_entity')}
          </Link>
        )}
      </div>
      {(panel === 'false_positive' || panel === 'close') && (
        <ReasonForm key={panel} move={panel} alert={alert} count={targets.length} busy={busy} close={close} send={(body) => send(panel, body)} />
      )}
      {panel === 'false_positive' && excepters.includes(role) && targets.length === 1 && <ExceptForm key={alert.id} alert={alert} />}
      {panel === 'escalate' && <EscalateForm alert={alert} count={targets.length} busy={busy} close={close} send={(body) => send('escalate', body)} />}

      <section>
        <h3>{t('alerts.why')}</h3>
        {alert.correlation && (
          <p>
            {t('alerts.correlation', {
              n: number(alert.correlation.count),
              threshold: number(alert.correlation.threshold),
              span: span(alert.correlation.timespan_seconds),
              by: alert.correlation.group_by.map((g) => `${g.field} = ${g.value}`).join(', ') || '–',
            })}
          </p>
        )}
        <table className="why">
          <tbody>
            {alert.why.map((w, i) => (
              <tr key={i}>
                <td>
                  {t('alerts.selection')} <strong>{w.selection}</strong>
                </td>
                <td>{w.field ?? t('alerts.whole_line')}</td>
                <td className="mono">
                  <Line text={w.value} words={w.pattern ? [w.pattern] : []} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {alert.why.length === 0 && !alert.correlation && <p className="quiet">{t('alerts.why_none')}</p>}
      </section>

      {alert.day && alert.entity && (
        <section>
          <h3>{t('alerts.day_of', { entity: alert.entity })}</h3>
          <EntityDay link={alert.day} from={alert.first_time} to={alert.last_time} />
        </section>
      )}

      <section>
        <h3>{t('alerts.around', { source: alert.source?.name ?? '' })}</h3>
        <Around alert={alert} />
      </section>

      <section>
        <h3>{t('alerts.rule')}</h3>
        {alert.detail.description && <p>{alert.detail.description}</p>}
        {alert.detail.falsepositives.length > 0 && <p className="quiet">{t('alerts.falsepositives', { text: alert.detail.falsepositives.join('; ') })}</p>}
        {alert.detail.references.length > 0 && (
          <ul className="references">
            {alert.detail.references.map((r) => (
              <li key={r}>{/^https?:\/\//.test(r) ? <a href={r} rel="noreferrer noopener" target="_blank">{r}</a> : r}</li>
            ))}
          </ul>
        )}
        {alert.detail.text ? (
          <details>
            <summary>{t('alerts.rule_text')}</summary>
            <pre className="code" tabIndex={0}>
              {alert.detail.text}
            </pre>
          </details>
        ) : (
          <p className="quiet">{t('alerts.rule_gone')}</p>
        )}
        <p className="quiet">
          {alert.rule} {alert.detail.license && `· ${alert.detail.license}`} · <Link to={address('/alerts', { show: 'all', rule: alert.rule })}>{t('alerts.same_rule')}</Link>
        </p>
      </section>

      {alert.history.length > 0 && (
        <section>
          <h3>{t('alerts.history')}</h3>
          <ul className="history">
            {alert.history.map((h, i) => (
              <li key={i}>
                <When time={h.time} /> · {h.by ?? t('common.system')} · {t(`alert_move.${h.move}`)}
                {h.reason && <span>: {h.reason}</span>}
              </li>
            ))}
          </ul>
        </section>
      )}
    </article>
  );
}
