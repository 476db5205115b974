// An alert in one line, as lists show it.
import { Link } from 'react-router-dom';
import type { Schemas } from '../api/client';
import { useText } from '../text';
import { Level } from './marks';
import { When } from './time';

export function AlertLine({ alert, to, chosen = false, marked }: { alert: Schemas['AlertSummary']; to: string; chosen?: boolean; marked?: boolean }) {
  const { t, number } = useText();
  const where = [alert.entity, alert.system?.name ?? alert.source?.name, alert.agency?.short ?? alert.agency?.name].filter(Boolean);
  return (
    <Link to={to} className={`alert-line alert-${alert.level}${chosen ? ' chosen' : ''}`} aria-current={chosen ? 'true' : undefined} data-alert={alert.id}>
      <span className="alert-title">
        {marked !== undefined && <span className={marked ? 'tick tick-on' : 'tick'} aria-label={marked ? t('alerts.selected') : undefined} />}
        {alert.title}
      </span>
      <span className="alert-when">
        <When time={alert.last_time} />
      </span>
      <span className="alert-where">{where.join(' · ')}</span>
      <span className="alert-state">
        {alert.matches > 1 && <span>{t('alerts.times', { n: number(alert.matches) })} · </span>}
        {alert.taken_by && alert.state === 'taken' ? alert.taken_by : t(`alert_state.${alert.state}`)}
      </span>
      <span className="alert-level">
        <Level level={alert.level} />
      </span>
    </Link>
  );
}
