// Small pictures without a chart library: rhythm of a source, shares, counts by standing.
import { Link } from 'react-router-dom';
import type { Schemas } from '../api/client';
import { useText } from '../text';
import { Sign, standings, type StandingName } from './marks';

export function Spark({ values, title }: { values: number[]; title: string }) {
  const top = Math.max(1, ...values);
  const step = 100 / Math.max(1, values.length);
  return (
    <svg className="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={title}>
      <title>{title}</title>
      <path d="M0 23.500H100" className="spark-zero" />
      {values.map((v, i) =>
        v > 0 ? <rect key={i} x={i * step} width={step * 0.72} y={23.5 - Math.max(1.5, (22 * v) / top)} height={Math.max(1.5, (22 * v) / top)} /> : null,
      )}
    </svg>
  );
}

/** met of judged: what is exempt or unknown is in neither number. */
export function share(counts: Schemas['StandingCounts']): { met: number; judged: number; all: number } {
  const judged = counts.met + counts.due + counts.late + counts.not_met;
  return { met: counts.met, judged, all: judged + counts.exempt + counts.unknown };
}

/** One bar, as long as everything owed, in pieces by standing. */
export function StandingBar({ counts, to }: { counts: Schemas['StandingCounts']; to?: (s: StandingName) => string }) {
  const { t, number } = useText();
  const all = share(counts).all;
  return (
    <div className="standing-bar" role="group">
      {standings
        .filter((s) => counts[s] > 0)
        .map((s) => {
          const label = `${t(`standing.${s}`)}: ${number(counts[s])}`;
          const style = { flexGrow: counts[s] / Math.max(1, all) };
          return to ? (
            <Link key={s} to={to(s)} className={`piece piece-${s}`} style={style} title={label} aria-label={label} />
          ) : (
            <span key={s} className={`piece piece-${s}`} style={style} title={label} role="img" aria-label={label} />
          );
        })}
    </div>
  );
}

export function StandingCounts({ counts, to }: { counts: Schemas['StandingCounts']; to: (s: StandingName) => string }) {
  const { t, number } = useText();
  return (
    <ul className="counts">
      {standings.map((s) => (
        <li key={s}>
          <Link to={to(s)} className={`count count-${s}`}>
            <span className="count-value">{number(counts[s])}</span>
            <span className="count-name">
              <Sign standing={s} />
              {t(`standing.${s}`)}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function Figure({ figure }: { figure: Schemas['MaybeFigure'] }) {
  const { number } = useText();
  if (!figure) return <span className="quiet">–</span>;
  return (
    <span className="figure">
      {number(figure.numerator)}
      {figure.denominator !== null && `/${number(figure.denominator)}`} <span className="quiet">{figure.unit}</span>
    </span>
  );
}
