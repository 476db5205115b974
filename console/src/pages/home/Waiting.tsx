// What the lead asks of us: reminders that wait for an answer, evidence that came back.
import { Button } from 'antd';
import { Link } from 'react-router-dom';
import { useChange, type Schemas } from '../../api/client';
import { address } from '../../parts/address';
import { Panel } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';

export function Waiting({ home }: { home: Schemas['HomeAgency'] }) {
  const { t } = useText();
  const seen = useChange('post', '/notices/{notice}/acknowledge');
  if (home.notices.length + home.returned.length === 0) return null;
  const cell = (obligation: string, period?: string) => address('/plan', { period, cell: `${obligation}~${home.agency.id}` });
  return (
    <Panel title={t('home.waiting')} className="waits-for-us">
      <ul className="record-list">
        {home.notices.map((n) => (
          <li key={`n${n.id}`}>
            <p>
              <Link to={cell(n.obligation, n.period)}>{n.text}</Link>
            </p>
            <p className="quiet">
              {n.by} · <When time={n.time} />{' '}
              <Button size="small" loading={seen.isPending && seen.variables?.path?.notice === n.id} onClick={() => seen.mutate({ path: { notice: n.id } })}>
                {t('record.acknowledge')}
              </Button>
            </p>
          </li>
        ))}
        {home.returned.map((e) => (
          <li key={`e${e.id}`}>
            <p>
              {e.obligation ? <Link to={cell(e.obligation)}>{t('home.returned', { title: e.title || e.kind_title })}</Link> : t('home.returned', { title: e.title || e.kind_title })}
            </p>
            <p className="quiet">
              {e.returned?.reason} · {e.returned?.by} · <When time={e.returned?.time} />
            </p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
