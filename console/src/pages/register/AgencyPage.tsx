// One agency: its duties, systems and sources, and what it was before and after.
import { Link, useParams } from 'react-router-dom';
import { mayOpen } from '../../app/places';
import { useSession } from '../../app/session';
import { useGet } from '../../api/client';
import { useAddress } from '../../parts/address';
import { DutyCard, byUrgency } from '../../parts/duties';
import { List } from '../../parts/list';
import { Empty, Page, Panel, Shown } from '../../parts/page';
import { useText } from '../../text';
import { Needs } from '../home/Needs';
import { useSourceColumns, useSystemColumns } from './tables';

export default function AgencyPage() {
  const { t, day } = useText();
  const { id } = useParams();
  const { get } = useAddress();
  const { role } = useSession();
  const agency = useGet('/agencies/{agency}', { path: { agency: id! }, query: { period: get('period') } }, { keep: false });
  const sources = useSourceColumns(false);
  const systems = useSystemColumns(false);
  const a = agency.data;
  return (
    <Page
      title={a?.name ?? t('field.agency')}
      sub={
        a && (
          <>
            {a.kind_title}
            {a.codes.length > 0 && ` · ${a.codes.join(', ')}`}
            {a.aliases.length > 0 && ` · ${t('agencies.also', { names: a.aliases.join(', ') })}`}
            {a.valid_from && ` · ${t('agencies.from', { day: day(`${a.valid_from}T00:00:00+07:00`) })}`}
            {a.valid_to && ` · ${t('agencies.until', { day: day(`${a.valid_to}T00:00:00+07:00`) })}`}
            {a.predecessors.map((p) => (
              <span key={p.id}>
                {' '}
                · {t('agencies.before')} <Link to={`/agencies/${p.id}`}>{p.name}</Link>
              </span>
            ))}
            {a.successors.map((p) => (
              <span key={p.id}>
                {' '}
                · {t('agencies.after')} <Link to={`/agencies/${p.id}`}>{p.name}</Link>
              </span>
            ))}
          </>
        )
      }
    >
      <Shown of={agency}>
        {(x) => (
          <div className="stack">
            <Needs alerts={x.alerts_new ?? undefined} incidents={x.incidents_open} sources={x.sources} agency={role === 'agency' ? undefined : x.id} />
            <Panel title={t('place.systems')}>
              <List label={t('place.systems')} columns={systems.map(({ sort: _, ...c }) => c)} rows={x.system_list} rowKey={(r) => r.id} empty={<Empty>{t('home.systems_none')}</Empty>} />
            </Panel>
            {mayOpen(role, '/sources') && (
              <Panel title={t('place.sources')}>
                <List label={t('place.sources')} columns={sources.map(({ sort: _, ...c }) => c)} rows={x.source_list} rowKey={(r) => r.id} empty={<Empty>{t('agencies.no_sources')}</Empty>} />
              </Panel>
            )}
            {mayOpen(role, '/plan') && (
              <Panel title={t('agencies.duties_in', { period: x.period.label })}>
                {x.duties.length === 0 ? (
                  <Empty>{t('agencies.no_duties')}</Empty>
                ) : (
                  <div className="duties">
                    {[...x.duties].sort(byUrgency).map((d) => (
                      <DutyCard key={`${d.obligation} ${d.period}`} duty={d} agency={x.id} />
                    ))}
                  </div>
                )}
              </Panel>
            )}
          </div>
        )}
      </Shown>
    </Page>
  );
}
