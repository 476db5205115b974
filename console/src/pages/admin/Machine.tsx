// Is the machine well: checks, processes, listeners, archive, rules, disk.
import { useGet } from '../../api/client';
import { Checks } from '../../parts/doctor';
import { List } from '../../parts/list';
import { Losses } from '../../parts/losses';
import { Page, Panel, Shown } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';

export default function Machine() {
  const { t, number, bytes, percent, day } = useText();
  const health = useGet('/health', {}, { every: 10_000 });
  const count = (n: number | null) => (n === null ? '–' : number(n));
  return (
    <Page title={t('place.machine')} sub={health.data && <>{t('machine.version', { version: health.data.version })} · {t('machine.started')} <When time={health.data.started} /></>}>
      <Shown of={health}>
        {(h) => (
          <div className="stack">
            <Panel title={t('machine.checks')}>
              <Checks checks={h.checks} />
            </Panel>
            <Panel title={t('machine.roles')}>
              <List
                label={t('machine.roles')}
                rows={h.roles}
                rowKey={(r) => `${r.name}${r.pid}`}
                columns={[
                  { name: 'machine.role', head: true, cell: (r) => r.name },
                  { name: 'users.state', cell: (r) => t(`process.${r.state}`) },
                  { name: 'machine.pid', end: true, cell: (r) => r.pid ?? '–' },
                  { name: 'machine.since', cell: (r) => <When time={r.since} /> },
                  { name: 'machine.restarts', end: true, cell: (r) => number(r.restarts) },
                  { name: 'machine.memory', end: true, cell: (r) => (r.memory === null ? '–' : bytes(r.memory)) },
                ]}
              />
            </Panel>
            <Panel title={t('machine.listeners')}>
              <List
                label={t('machine.listeners')}
                rows={h.listeners}
                rowKey={(r) => `${r.protocol} ${r.address}`}
                columns={[
                  { name: 'machine.protocol', head: true, cell: (r) => r.protocol },
                  { name: 'machine.address', cell: (r) => r.address },
                  { name: 'machine.received', end: true, cell: (r) => count(r.received) },
                  { name: 'machine.stored', end: true, cell: (r) => count(r.stored) },
                  { name: 'machine.repeated', end: true, cell: (r) => count(r.repeated) },
                  { name: 'machine.quarantined', end: true, cell: (r) => count(r.quarantined) },
                  { name: 'machine.refused', end: true, cell: (r) => count(r.refused) },
                  { name: 'machine.waiting', end: true, cell: (r) => count(r.waiting) },
                  { name: 'machine.canary', cell: (r) => (r.canary === 'none' ? '–' : <span title={r.canary_found ?? ''}>{t(`canary.${r.canary}`)}</span>) },
                  { name: 'machine.dropped', end: true, cell: (r) => (r.protocol === 'syslog-udp' ? count(r.dropped) : '–') },
                ]}
              />
              <p className="quiet panel-foot">{t('machine.identity')}</p>
            </Panel>
            <dl className="facts">
              <div>
                <dt>{t('machine.archive')}</dt>
                <dd>{t(h.archive.raw_bytes > 0 ? 'machine.archive_is' : 'machine.archive_size', { events: number(h.archive.events), bytes: bytes(h.archive.bytes), raw: bytes(h.archive.raw_bytes), days: h.archive.days })}</dd>
              </div>
              <div>
                <dt>{t('machine.reaches')}</dt>
                <dd>{h.archive.oldest && h.archive.newest ? `${day(h.archive.oldest)} – ${day(h.archive.newest)}` : '–'}</dd>
              </div>
              <div>
                <dt>{t('machine.disk')}</dt>
                <dd>{t('machine.disk_is', { free: bytes(h.disk.free), share: percent(h.disk.free, h.disk.total) })}</dd>
              </div>
              <div>
                <dt>{t('machine.rules')}</dt>
                <dd>{t('machine.rules_are', { n: number(h.rules.loaded), failed: number(h.rules.failed.length) })}</dd>
              </div>
            </dl>
            <Panel title={t('losses.title')}>
              <Losses of={h.detection} />
            </Panel>
            {h.rules.failed.length > 0 && (
              <Panel title={t('machine.rules_failed')}>
                <ul className="plain">
                  {h.rules.failed.map((r) => (
                    <li key={r.path}>
                      <code>{r.path}</code> {r.sentence}
                    </li>
                  ))}
                </ul>
              </Panel>
            )}
          </div>
        )}
      </Shown>
    </Page>
  );
}
