// The incident team: what is new, what is mine, which clock runs?
import { Link } from 'react-router-dom';
import type { Schemas } from '../../api/client';
import { AlertLine } from '../../parts/alerts';
import { IncidentLine } from '../../parts/incidents';
import { Empty, Page, Panel } from '../../parts/page';
import { useText } from '../../text';
import { IntakePanel } from './IntakePanel';

export function ResponderHome({ home }: { home: Schemas['HomeResponder'] }) {
  const { t } = useText();
  return (
    <Page title={t('home.responder')} sub={t('home.responder_sub', { n: home.alerts_new, incidents: home.incidents.length })}>
      <div className="columns">
        <div className="stack">
          <Panel title={t('home.queue')} more={<Link to="/alerts">{t('home.all_alerts', { n: home.alerts_new })}</Link>}>
            {home.alerts.length === 0 ? <Empty>{t('alerts.none')}</Empty> : home.alerts.map((a) => <AlertLine key={a.id} alert={a} to={`/alerts/${a.id}`} />)}
          </Panel>
          <Panel title={t('home.mine')}>
            {home.mine.length === 0 ? <Empty>{t('home.mine_none')}</Empty> : home.mine.map((a) => <AlertLine key={a.id} alert={a} to={`/alerts/${a.id}?show=mine`} />)}
          </Panel>
        </div>
        <div className="stack">
          <Panel title={t('home.running')} more={<Link to="/incidents">{t('place.incidents')}</Link>}>
            {home.incidents.length === 0 ? <Empty>{t('incidents.none')}</Empty> : home.incidents.map((c) => <IncidentLine key={c.id} incident={c} />)}
          </Panel>
          <IntakePanel />
        </div>
      </div>
    </Page>
  );
}
