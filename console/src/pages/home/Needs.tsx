// Three numbers that lead on: new alerts, open incidents, silent sources.
import { Link } from 'react-router-dom';
import { mayOpen } from '../../app/places';
import { useSession } from '../../app/session';
import type { Schemas } from '../../api/client';
import { address } from '../../parts/address';
import { useText } from '../../text';

interface Props {
  alerts?: number;
  incidents?: number | null;
  sources?: Schemas['HealthCounts'];
  /** The one agency that the numbers are of. */
  agency?: string;
}

export function Needs({ alerts, incidents, sources, agency }: Props) {
  const { t, number } = useText();
  const { role } = useSession();
  const all = sources ? sources.heard + sources.silent + sources.never + sources.unknown : 0;
  return (
    <ul className="needs">
      {alerts !== undefined && mayOpen(role, '/alerts') && (
        <li>
          <Link to={address('/alerts', { agency })} className={alerts > 0 ? 'need need-you' : 'need'}>
            <span className="need-value">{number(alerts)}</span> {t('home.alerts_new', { n: alerts })}
          </Link>
        </li>
      )}
      {incidents !== undefined && incidents !== null && mayOpen(role, '/incidents') && (
        <li>
          <Link to={address('/incidents', { agency })} className={incidents > 0 ? 'need need-you' : 'need'}>
            <span className="need-value">{number(incidents)}</span> {t('home.incidents_open', { n: incidents })}
          </Link>
        </li>
      )}
      {sources && mayOpen(role, '/sources') && (
        <li>
          <Link to={address('/sources', { agency })} className={sources.silent > 0 ? 'need need-you' : 'need'}>
            <span className="need-value">
              {number(sources.heard)}/{number(all)}
            </span>{' '}
            {t('home.sources_heard', { n: all })}
          </Link>
        </li>
      )}
    </ul>
  );
}
