// The case: head with state, severity and clocks; the time line as one column; what can be done.
import { Link, useParams } from 'react-router-dom';
import { mayOpen } from '../../app/places';
import { useSession } from '../../app/session';
import { useGet, type Schemas } from '../../api/client';
import { AlertLine } from '../../parts/alerts';
import { cellAddress } from '../../parts/duties';
import { Countdown } from '../../parts/incidents';
import { Level } from '../../parts/marks';
import { Empty, Page, Panel, Shown } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';
import { Hold } from './Hold';
import { Package } from './Package';
import { Moves } from './Moves';
import { TimeLine } from './TimeLine';

const course = ['new', 'confirmed', 'contained', 'eradicated', 'recovered', 'closed'] as const;

function Course({ state }: { state: Schemas['IncidentState'] }) {
  const { t } = useText();
  const at = course.indexOf(state as (typeof course)[number]);
  if (state === 'rejected') return <p className="state state-rejected">{t('incident_state.rejected')}</p>;
  return (
    <ol className="course" aria-label={t('incidents.course')}>
      {course.map((s, i) => (
        <li key={s} className={i < at ? 'past' : i === at ? 'now' : undefined} aria-current={i === at ? 'step' : undefined}>
          {t(`incident_state.${s}`)}
        </li>
      ))}
    </ol>
  );
}

export default function IncidentPage() {
  const { t, exact, day } = useText();
  const { role } = useSession();
  const { id } = useParams();
  const incident = useGet('/incidents/{incident}', { path: { incident: Number(id) } }, { every: 15_000, keep: false });
  const c = incident.data;
  return (
    <Page
      title={c ? c.title : t('place.incidents')}
      sub={
        c && (
          <>
            {c.number} · <Level level={c.severity} /> · {c.agency && <Link to={`/agencies/${c.agency.id}`}>{c.agency.name}</Link>}
            {c.system && (
              <>
                {' '}
                · <Link to={`/systems/${c.system.id}`}>{c.system.name}</Link>
              </>
            )}{' '}
            · {t('incidents.opened_by', { by: c.opened_by ?? t('common.system') })} <When time={c.opened} />
          </>
        )
      }
    >
      <Shown of={incident}>
        {(i) => (
          <>
            <Course state={i.state} />
            {i.clocks.length > 0 && (
              <ul className="clocks">
                {i.clocks.map((k) => (
                  <li key={k.id} className={`clock clock-${k.standing}`}>
                    <span className="clock-title">{k.title}</span>
                    <Countdown clock={k} />
                    <span className="quiet">
                      {t('clock.due', { time: exact(k.due) })}
                      {k.receiver && ` · ${k.receiver}`}
                      {k.source && ` · ${k.source}`}
                      {!k.confirmed && ` · ${t('common.to_confirm')}`}
                    </span>
                  </li>
                ))}
              </ul>
            )}
            <div className="columns columns-wide">
              <Panel title={t('incidents.timeline')}>
                {i.description && <p className="description">{i.description}</p>}
                <TimeLine incident={i} />
              </Panel>
              <div className="stack">
                {i.moves.length > 0 && (
                  <Panel title={t('incidents.next')}>
                    <Moves incident={i} />
                  </Panel>
                )}
                <Panel title={t('incidents.alerts_n', { n: i.alert_list.length })}>
                  {i.alert_list.length === 0 ? <Empty>{t('incidents.no_alerts')}</Empty> : i.alert_list.map((a) => <AlertLine key={a.id} alert={a} to={mayOpen(role, '/alerts') ? `/alerts/${a.id}?show=escalated` : `/incidents/${i.id}`} />)}
                </Panel>
                <Panel title={t('incidents.counts_in')}>
                  {i.obligations.length === 0 ? (
                    <Empty>{t('incidents.counts_nowhere')}</Empty>
                  ) : (
                    <ul className="plain">
                      {i.obligations.map((o) => (
                        <li key={`${o.obligation}${o.agency}${o.period}`}>
                          <Link to={cellAddress(o.obligation, o.agency, o.period)}>
                            {o.obligation} {o.title} · {o.period}
                          </Link>
                        </li>
                      ))}
                    </ul>
                  )}
                </Panel>
                <Hold incident={i} />
                <Package incident={i} />
                {i.closed && <p className="quiet">{t('incidents.closed_on', { day: day(i.closed) })}</p>}
              </div>
            </div>
          </>
        )}
      </Shown>
    </Page>
  );
}
