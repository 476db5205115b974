// Which address opens which page. Each place is its own chunk, fetched when it is first opened.
import { Component, type ComponentType, type ReactNode } from 'react';
import { Link, Route, Routes, useLocation } from 'react-router-dom';
import { later } from '../parts/later';
import { Page, Trouble } from '../parts/page';
import { Skeleton } from 'antd';
import { useText } from '../text';
import { Shell } from './Shell';
import { mayOpen } from './places';
import { useSession } from './session';

const Waiting = () => (
  <div className="waiting">
    <Skeleton active paragraph={{ rows: 8 }} />
  </div>
);
const page = (load: () => Promise<{ default: ComponentType }>) => later(load, Waiting);
const Home = page(() => import('../pages/home/Home'));
const Search = page(() => import('../pages/search/Search'));
const Alerts = page(() => import('../pages/alerts/Alerts'));
const Incidents = page(() => import('../pages/incidents/Incidents'));
const IncidentNew = page(() => import('../pages/incidents/IncidentNew'));
const IncidentPage = page(() => import('../pages/incidents/IncidentPage'));
const Matrix = page(() => import('../pages/plan/MatrixPage'));
const PlanText = page(() => import('../pages/plan/PlanText'));
const Report = page(() => import('../pages/plan/Report'));
const Agencies = page(() => import('../pages/register/Agencies'));
const AgencyPage = page(() => import('../pages/register/AgencyPage'));
const Systems = page(() => import('../pages/register/Systems'));
const SystemPage = page(() => import('../pages/register/SystemPage'));
const Sources = page(() => import('../pages/register/Sources'));
const SourcePage = page(() => import('../pages/register/SourcePage'));
const Rules = page(() => import('../pages/rules/Rules'));
const Indicators = page(() => import('../pages/rules/Indicators'));
const Users = page(() => import('../pages/admin/Users'));
const Machine = page(() => import('../pages/admin/Machine'));

function Missing() {
  const { t } = useText();
  const { pathname } = useLocation();
  return (
    <Page title={t('trouble.missing')}>
      <div className="trouble">
        <p>{t('trouble.no_page', { path: pathname })}</p>
        <Link to="/">{t('trouble.home')}</Link>
      </div>
    </Page>
  );
}

function Denied() {
  const { t } = useText();
  const { role } = useSession();
  return (
    <Page title={t('trouble.denied')}>
      <div className="trouble">
        <p>{t('trouble.denied_more', { role: t(`role.${role}`) })}</p>
        <Link to="/">{t('trouble.home')}</Link>
      </div>
    </Page>
  );
}

/** A page that broke says so and leaves the rest standing; the next address starts anew. */
class Guard extends Component<{ children: ReactNode; where: string }, { error: unknown; where: string }> {
  state = { error: null as unknown, where: this.props.where };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  static getDerivedStateFromProps(props: { where: string }, state: { error: unknown; where: string }) {
    return props.where === state.where ? null : { error: null, where: props.where };
  }
  render() {
    return this.state.error ? <Trouble error={this.state.error} retry={() => location.reload()} /> : this.props.children;
  }
}

export function Pages() {
  const { role } = useSession();
  const { pathname } = useLocation();
  return (
    <Shell>
      <Guard where={pathname}>
        {!mayOpen(role, pathname) ? (
          <Denied />
        ) : (
          <Routes>
            <Route path="/" element={<Home />} />
            <Route path="/search" element={<Search />} />
            <Route path="/alerts/:id?" element={<Alerts />} />
            <Route path="/incidents" element={<Incidents />} />
            <Route path="/incidents/new" element={<IncidentNew />} />
            <Route path="/incidents/:id" element={<IncidentPage />} />
            <Route path="/plan" element={<Matrix />} />
            <Route path="/plan/text" element={<PlanText />} />
            <Route path="/plan/report" element={<Report />} />
            <Route path="/agencies" element={<Agencies />} />
            <Route path="/agencies/:id" element={<AgencyPage />} />
            <Route path="/systems" element={<Systems />} />
            <Route path="/systems/:id" element={<SystemPage />} />
            <Route path="/sources" element={<Sources />} />
            <Route path="/sources/:id" element={<SourcePage />} />
            <Route path="/rules" element={<Rules />} />
            <Route path="/indicators" element={<Indicators />} />
            <Route path="/users" element={<Users />} />
            <Route path="/machine" element={<Machine />} />
            <Route path="*" element={<Missing />} />
          </Routes>
        )}
      </Guard>
    </Shell>
  );
}
