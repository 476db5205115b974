// An incident in one line, and the clocks that the regime sets on it.
import { Link } from 'react-router-dom';
import type { Schemas } from '../api/client';
import { useText } from '../text';
import { Level, Sign, State } from './marks';
import { useNow } from './time';

/** A countdown: how much is left, or by how much it is over. */
export function Countdown({ clock }: { clock: Schemas['Clock'] }) {
  const { t, span, exact } = useText();
  const now = useNow(clock.stopped ? 3600 : 1);
  const end = clock.stopped ? new Date(clock.stopped).getTime() : now;
  const left = (new Date(clock.due).getTime() - end) / 1000;
  const over = left < 0;
  const standing = over ? (clock.stopped ? 'not_met' : 'late') : clock.stopped ? 'met' : 'due';
  return (
    <span className={`countdown standing-${standing}`} title={t('clock.due', { time: exact(clock.due) })}>
      <Sign standing={standing} />
      {clock.stopped ? (over ? t('clock.missed', { span: span(left) }) : t('clock.met', { span: span(left) })) : over ? t('clock.over', { span: span(left) }) : t('clock.left', { span: span(left) })}
    </span>
  );
}

export function IncidentLine({ incident }: { incident: Schemas['IncidentSummary'] }) {
  return (
    <Link to={`/incidents/${incident.id}`} className="incident-line">
      <span className="incident-title">
        <span className="quiet">{incident.number}</span> {incident.title}
      </span>
      <span className="incident-where">
        <Level level={incident.severity} /> <State name={`incident_state.${incident.state}`} kind={incident.state} /> {incident.agency?.short ?? incident.agency?.name}
      </span>
      {incident.clock && (
        <span className="incident-clock">
          <Countdown clock={incident.clock} />
        </span>
      )}
    </Link>
  );
}
