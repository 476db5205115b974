// Events, actions, notices in one column, oldest first.
import { Link } from 'react-router-dom';
import { mayOpen } from '../../app/places';
import { useSession } from '../../app/session';
import type { Schemas } from '../../api/client';
import { searchAddress } from '../../parts/address';
import { When } from '../../parts/time';
import { useText, type Key } from '../../text';

type Entry = Schemas['Incident']['timeline'][number];

export function TimeLine({ incident }: { incident: Schemas['Incident'] }) {
  const { t, exact, number } = useText();
  const { role } = useSession();
  const said = (e: Entry): string => {
    if (e.kind === 'move' && e.to_state) return t('timeline.move', { state: t(`incident_state.${e.to_state}` as Key) });
    if (e.kind === 'severity' && e.to_state) return t('timeline.severity', { level: t(`level.${e.to_state}` as Key) });
    if (e.package) return t('timeline.package', { n: number(e.package.events) });
    return t(`timeline.${e.kind}`);
  };
  return (
    <ol className="timeline">
      {incident.timeline.map((e, i) => (
        <li key={i} className={`entry entry-${e.kind}`}>
          <span className="entry-head">
            <strong>{said(e)}</strong> · {e.by ?? t('common.system')} · <span title={exact(e.time)}>{exact(e.time)}</span> <span className="quiet">(<When time={e.time} />)</span>
          </span>
          {e.text && <p className="entry-text">{e.text}</p>}
          {e.package && <p className="entry-text">SHA-256 <code>{e.package.sha256}</code></p>}
          <span className="entry-links">
            {e.alert !== null && mayOpen(role, '/alerts') && <Link to={`/alerts/${e.alert}?show=all`}>{t('timeline.to_alert')}</Link>}
            {e.events && mayOpen(role, '/search') && <Link to={searchAddress(e.events)}>{t('timeline.to_lines')}</Link>}
          </span>
        </li>
      ))}
    </ol>
  );
}
