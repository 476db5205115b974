// Finance, police, assessor: the plan's standing in short, with the way to its clauses.
import { Link } from 'react-router-dom';
import type { Schemas } from '../../api/client';
import { address } from '../../parts/address';
import { StandingBar, StandingCounts, share } from '../../parts/figures';
import { Page, Panel } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';
import { Needs } from './Needs';

export function ReaderHome({ home }: { home: Schemas['HomeReader'] }) {
  const { t } = useText();
  const matrix = (standing?: string, clause?: string) => address('/plan', { period: home.period.id, standing, clause });
  return (
    <Page title={t('home.reader')} sub={<>{home.plan.number} · {home.period.label} · {t('home.as_of')} <When time={home.at} /></>}>
      <StandingCounts counts={home.counts} to={matrix} />
      <Needs incidents={home.incidents_open} />
      <Panel title={t('home.clauses')} more={<Link to={matrix()}>{t('home.to_matrix')}</Link>}>
        <ul className="clauses">
          {home.clauses.map((c) => {
            const s = share(c.counts);
            return (
              <li key={c.clause}>
                <Link to={matrix(undefined, c.clause)}>
                  <span>
                    <strong>{c.clause}</strong> {c.title}
                  </span>
                  <span className="figure">{s.judged > 0 ? `${s.met}/${s.judged}` : t('standing.unknown')}</span>
                </Link>
                <StandingBar counts={c.counts} />
              </li>
            );
          })}
        </ul>
      </Panel>
    </Page>
  );
}
