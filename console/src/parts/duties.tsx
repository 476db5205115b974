// Duties: what is owed, how it stands and where its evidence is.
import RightOutlined from '@ant-design/icons/es/icons/RightOutlined';
import { Link } from 'react-router-dom';
import type { Schemas } from '../api/client';
import { useText } from '../text';
import { address } from './address';
import { Figure } from './figures';
import { Sign, type StandingName } from './marks';
import { useNow } from './time';

export type Duty = Schemas['Duty'];

export function cellAddress(obligation: string, agency: string, period: string): string {
  return address('/plan', { period, cell: `${obligation}~${agency}` });
}

const urgency: Record<StandingName, number> = { late: 0, not_met: 1, due: 2, unknown: 3, met: 4, exempt: 5 };

/** The most pressing first, then by date. */
export function byUrgency(a: Duty, b: Duty): number {
  return urgency[a.standing] - urgency[b.standing] || (a.due ?? '9').localeCompare(b.due ?? '9') || a.obligation.localeCompare(b.obligation);
}

/** How long it is, in words that lead the card: overdue by, days left, or the standing. */
export function DutyTime({ duty }: { duty: Duty }) {
  const { t, span } = useText();
  const now = useNow(60);
  const seconds = duty.due ? (new Date(duty.due).getTime() - now) / 1000 : null;
  if (duty.standing === 'late' && seconds !== null && seconds < 0) return <>{t('duty.overdue', { span: span(seconds) })}</>;
  if (duty.standing === 'due' && seconds !== null && seconds > 0) return <>{t('duty.left', { span: span(seconds) })}</>;
  return <>{t(`standing.${duty.standing}`)}</>;
}

export function DutyCard({ duty, agency, named }: { duty: Duty; agency: string; named?: string }) {
  return (
    <Link className="duty" to={cellAddress(duty.obligation, agency, duty.period)}>
      <Sign standing={duty.standing} basis={duty.basis} size={20} />
      <span className="duty-body">
        <span className={`duty-time standing-${duty.standing}`}>
          <DutyTime duty={duty} />
        </span>
        <span className="duty-title">
          {named && <strong>{named}: </strong>}
          {duty.title}
        </span>
        <span className="duty-why">
          {duty.clause} · {duty.period} · {duty.sentence}
        </span>
      </span>
      <span className="duty-figure">
        {duty.figure && <Figure figure={duty.figure} />}
      </span>
      <RightOutlined className="duty-go" aria-hidden="true" />
    </Link>
  );
}
