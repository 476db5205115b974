// Signs that never speak by colour alone: a shape, a colour and a word.
import type { Schemas } from '../api/client';
import { useText, type Key } from '../text';

export type StandingName = Schemas['StandingName'];
export type Basis = Schemas['Basis'];
export const standings: readonly StandingName[] = ['met', 'due', 'late', 'not_met', 'exempt', 'unknown'];

/** The sign of a standing, with the ring of its basis: none measured, solid verified, dotted declared. */
export function Sign({ standing, basis = null, size = 16 }: { standing: StandingName; basis?: Basis | null; size?: number }) {
  return (
    <svg className={`sign sign-${standing}`} width={size} height={size} viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      {basis === 'verified' && <circle cx="10" cy="10" r="8.6" className="sign-ring" />}
      {basis === 'declared' && <circle cx="10" cy="10" r="8.6" className="sign-ring" strokeDasharray="2.2 2.3" />}
      {standing === 'met' && <circle cx="10" cy="10" r="4.6" className="sign-fill" />}
      {standing === 'due' && (
        <>
          <circle cx="10" cy="10" r="4.8" className="sign-line" />
          <path d="M10 10V4.4A5.600 5.600 0 0 1 15.600 10Z" className="sign-fill" />
        </>
      )}
      {standing === 'late' && <path d="M10 4.600 15.600 14.600H4.400Z" className="sign-fill" />}
      {standing === 'not_met' && <path d="M6 6l8 8M14 6l-8 8" className="sign-line" strokeWidth="2.4" />}
      {standing === 'exempt' && <circle cx="10" cy="10" r="4.500" className="sign-line" />}
      {standing === 'unknown' && (
        <path d="M7.300 7.800a2.700 2.700 0 1 1 4.300 2.100c-1 .700-1.600 1.200-1.600 2.300M10 14.900v.200" className="sign-line" strokeWidth="1.9" />
      )}
    </svg>
  );
}

export function Standing({ standing, basis = null }: { standing: StandingName; basis?: Basis | null }) {
  const { t } = useText();
  return (
    <span className={`standing standing-${standing}`}>
      <Sign standing={standing} basis={basis} />
      {t(`standing.${standing}`)}
    </span>
  );
}

/** A row of evidence: counted, not counted, or not known. */
export function rowStanding(ok: boolean | null): StandingName {
  return ok === null ? 'unknown' : ok ? 'met' : 'not_met';
}

const healthSign: Record<Schemas['Health'], StandingName> = { heard: 'met', silent: 'not_met', never: 'exempt', unknown: 'unknown' };
export const healths: readonly Schemas['Health'][] = ['heard', 'silent', 'never', 'unknown'];

export function Health({ health }: { health: Schemas['Health'] }) {
  const { t } = useText();
  return (
    <span className={`standing standing-${healthSign[health]}`}>
      <Sign standing={healthSign[health]} />
      {t(`health.${health}`)}
    </span>
  );
}

export const levels: readonly Schemas['Level'][] = ['informational', 'low', 'medium', 'high', 'critical'];
export const severities: readonly Schemas['Severity'][] = ['low', 'medium', 'high', 'critical'];
const strength: Record<Schemas['Level'], number> = { informational: 0, low: 1, medium: 2, high: 3, critical: 4 };

/** A level: as many bars as it is strong, and its name. */
export function Level({ level }: { level: Schemas['Level'] }) {
  const { t } = useText();
  return (
    <span className={`level level-${level}`}>
      <svg width="14" height="12" viewBox="0 0 14 12" aria-hidden="true" focusable="false">
        {[0, 1, 2, 3].map((i) => (
          <rect key={i} x={i * 3.6} y={8 - i * 2.5} width="2.6" height={4 + i * 2.5} rx="0.6" opacity={i < strength[level] ? 1 : 0.25} />
        ))}
      </svg>
      {t(`level.${level}`)}
    </span>
  );
}

export function State({ name, kind }: { name: Key; kind: string }) {
  const { t } = useText();
  return <span className={`state state-${kind}`}>{t(name)}</span>;
}
