// An agency's officer: what do I owe, and are my systems heard?
import { Link } from 'react-router-dom';
import type { Schemas } from '../../api/client';
import { DutyCard, byUrgency } from '../../parts/duties';
import { Health, Sign } from '../../parts/marks';
import { Empty, Page, Panel } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';
import { IntakePanel } from './IntakePanel';
import { Needs } from './Needs';
import { Waiting } from './Waiting';

export function AgencyHome({ home }: { home: Schemas['HomeAgency'] }) {
  const { t } = useText();
  const duties = [...home.duties].sort(byUrgency);
  const open = duties.filter((d) => d.standing === 'late' || d.standing === 'not_met' || d.standing === 'due');
  const unknown = duties.filter((d) => d.standing === 'unknown');
  const done = duties.filter((d) => d.standing === 'met' || d.standing === 'exempt');
  const heard = home.systems.filter((s) => s.health === 'heard').length;
  return (
    <Page
      title={t('home.agency')}
      sub={
        <>
          {home.agency.name} · {home.period.label} · {t('home.agency_sub', { n: duties.length, late: home.counts.late, not_met: home.counts.not_met })}
        </>
      }
    >
      <div className="columns columns-wide">
        <div className="stack">
          <Waiting home={home} />
          <Panel title={t('home.owed')}>
            {open.length === 0 ? (
              <Empty>{unknown.length > 0 ? t('home.owed_none_known', { n: unknown.length }) : t('home.owed_none')}</Empty>
            ) : (
              <div className="duties">
                {open.map((d) => (
                  <DutyCard key={`${d.obligation} ${d.period}`} duty={d} agency={home.agency.id} />
                ))}
              </div>
            )}
          </Panel>
          {done.length > 0 && (
            <details className="more">
              <summary>{t('home.done', { n: done.length })}</summary>
              <div className="duties">
                {done.map((d) => (
                  <DutyCard key={`${d.obligation} ${d.period}`} duty={d} agency={home.agency.id} />
                ))}
              </div>
            </details>
          )}
          {unknown.length > 0 && (
            <details className="more" open={open.length === 0}>
              <summary>{t('home.not_known', { n: unknown.length })}</summary>
              <div className="duties">
                {unknown.map((d) => (
                  <DutyCard key={`${d.obligation} ${d.period}`} duty={d} agency={home.agency.id} />
                ))}
              </div>
            </details>
          )}
        </div>
        <div className="stack">
          <Needs alerts={home.alerts_new} incidents={home.incidents_open} sources={home.sources} />
          <Panel title={t('home.my_systems')} more={<span className="quiet">{t('home.systems_heard', { heard, n: home.systems.length })}</span>}>
            {home.systems.length === 0 ? (
              <Empty>{t('home.systems_none')}</Empty>
            ) : (
              <ul className="systems">
                {home.systems.map((s) => (
                  <li key={s.id}>
                    <Link to={`/systems/${s.id}`}>{s.name}</Link>
                    <Health health={s.health} />
                    <span className="quiet">{s.last_seen ? <When time={s.last_seen} /> : t('sources.never_sent')}</span>
                  </li>
                ))}
              </ul>
            )}
            {home.systems.some((s) => s.health === 'never') && (
              <p className="hint">
                <Sign standing="exempt" /> {t('home.connect_hint')} <Link to="/sources">{t('home.connect_link')}</Link>
              </p>
            )}
          </Panel>
          <IntakePanel />
        </div>
      </div>
    </Page>
  );
}
