// One system: whose it is and what it sends.
import { Link, useParams } from 'react-router-dom';
import { mayOpen } from '../../app/places';
import { useSession } from '../../app/session';
import { useGet } from '../../api/client';
import { address } from '../../parts/address';
import { List } from '../../parts/list';
import { Health } from '../../parts/marks';
import { Empty, Page, Panel, Shown } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';
import { useSourceColumns } from './tables';

export default function SystemPage() {
  const { t, number } = useText();
  const { id } = useParams();
  const { role } = useSession();
  const system = useGet('/systems/{system}', { path: { system: id! } }, { every: 20_000, keep: false });
  const columns = useSourceColumns(false).filter((c) => c.name !== 'field.system');
  const s = system.data;
  return (
    <Page
      title={s?.name ?? t('field.system')}
      sub={
        s && (
          <>
            <Link to={`/agencies/${s.agency.id}`}>{s.agency.name}</Link> · {s.level === null ? t('systems.no_level') : t('systems.at_level', { level: number(s.level) })}
            {s.operator && ` · ${t('systems.operated_by', { name: s.operator })}`} · <Health health={s.health} /> <When time={s.last_seen} />
          </>
        )
      }
      tools={
        s && mayOpen(role, '/search') ? (
          <Link className="button-link" to={address('/search', { query: `system:${s.id}` })}>
            {t('sources.lines')}
          </Link>
        ) : undefined
      }
    >
      <Shown of={system}>
        {(x) =>
          mayOpen(role, '/sources') ? (
            <Panel title={t('place.sources')}>
              <List label={t('place.sources')} columns={columns.map(({ sort: _, ...c }) => c)} rows={x.source_list} rowKey={(r) => r.id} empty={<Empty>{t('systems.no_sources')}</Empty>} />
            </Panel>
          ) : (
            <Panel title={t('place.sources')}>
              <p>{t('systems.heard_of', { heard: number(x.sources.heard), all: number(x.source_list.length) })}</p>
            </Panel>
          )
        }
      </Shown>
    </Page>
  );
}
