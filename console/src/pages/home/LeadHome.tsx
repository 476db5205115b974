// The lead department's officer: who is late, and are the province's systems heard?
import { Link } from 'react-router-dom';
import type { Schemas } from '../../api/client';
import { address } from '../../parts/address';
import { DutyCard } from '../../parts/duties';
import { StandingBar, StandingCounts, share } from '../../parts/figures';
import { Empty, Page, Panel } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';
import { IntakePanel } from './IntakePanel';
import { Needs } from './Needs';

export function LeadHome({ home }: { home: Schemas['HomeLead'] }) {
  const { t } = useText();
  const matrix = (standing?: string, clause?: string) => address('/plan', { period: home.period.id, standing, clause });
  return (
    <Page title={t('home.lead')} sub={<>{home.period.label} · {t('home.as_of')} <When time={home.at} /></>}>
      <StandingCounts counts={home.counts} to={matrix} />
      <div className="columns columns-wide">
        <Panel title={t('home.pressing')} more={<Link to={matrix()}>{t('home.to_matrix')}</Link>}>
          {home.pressing.length === 0 ? (
            <Empty>{home.counts.unknown > 0 ? t('home.pressing_none_known', { n: home.counts.unknown }) : t('home.pressing_none')}</Empty>
          ) : (
            <div className="duties">
              {home.pressing.map((p) => (
                <DutyCard key={`${p.agency.id} ${p.duty.obligation} ${p.duty.period}`} duty={p.duty} agency={p.agency.id} named={p.agency.short ?? p.agency.name} />
              ))}
            </div>
          )}
        </Panel>
        <div className="stack">
          <Needs alerts={home.alerts_new} incidents={home.incidents_open} sources={home.sources} />
          <IntakePanel />
          <Panel title={t('home.clauses')}>
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
        </div>
      </div>
    </Page>
  );
}
