// The evidence behind one cell: the figure, its rows, where each leads, the plan's own words.
import CloseOutlined from '@ant-design/icons/es/icons/CloseOutlined';
import { Button } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'react-router-dom';
import { mayOpen } from '../../app/places';
import { useSession, type Role } from '../../app/session';
import { useGet, type Schemas } from '../../api/client';
import { searchAddress } from '../../parts/address';
import { Sign, Standing, rowStanding } from '../../parts/marks';
import { Shown } from '../../parts/page';
import { useText, type Text } from '../../text';
import { StandingRecord } from './StandingRecord';

type Target = Schemas['TargetStanding'];
type Row = Schemas['EvidenceRow'];

interface Props {
  obligation: string;
  agency: string;
  period?: string;
  at?: string;
  close: () => void;
  link: string;
}

export function Evidence({ obligation, agency, period, at, close, link }: Props) {
  const { t, exact, endedDay } = useText();
  const due = (time: string) => {
    const last = endedDay(time);
    return last ? t('evidence.due_day', { day: last }) : t('evidence.due', { time: exact(time) });
  };
  const box = useRef<HTMLElement>(null);
  const standing = useGet('/plan/standing/{obligation}/{agency}', { path: { obligation, agency }, query: { period, at } }, { keep: false });
  useEffect(() => box.current?.focus(), []);
  return (
    <aside className="panel evidence" ref={box} tabIndex={-1} aria-label={t('evidence.title')}>
      <Button className="evidence-close" type="text" aria-label={t('common.close')} icon={<CloseOutlined />} onClick={close} />
      <Shown of={standing} lines={10}>
        {(s) => (
          <>
            <p className="quiet evidence-where">
              {s.obligation.id} · <Link to={`/agencies/${s.agency.id}`}>{s.agency.name}</Link> · {s.period.label}
            </p>
            <header className="evidence-head">
              <h2>{s.obligation.title}</h2>
              <Standing standing={s.standing} />
            </header>
            <p>{s.sentence}</p>
            {s.due && <p className="quiet">{due(s.due)}{s.late_days !== null && s.late_days > 0 && ` · ${t('evidence.late_days', { n: s.late_days })}`}</p>}
            {s.exemption && <p className="notice">{s.exemption}</p>}
            {s.obligation.trial_until && <p className="notice">{t('evidence.trial', { day: s.obligation.trial_until })}</p>}
            {s.targets.map((target) => (
              <TargetRows key={target.measure} target={target} />
            ))}
            <StandingRecord standing={s} at={at} />
            <blockquote className="quote">
              “{s.obligation.quote}”<cite>{s.quote_source}</cite>
            </blockquote>
            {s.obligation.reading && (
              <p className="quiet">
                <strong>{t('evidence.reading')}</strong> {s.obligation.reading}
              </p>
            )}
            <History history={s.history} />
            <p className="quiet">
              {t('evidence.as_of', { time: exact(s.at), regime: s.regime })} · <Link to={link}>{t('evidence.link')}</Link>
            </p>
          </>
        )}
      </Shown>
    </aside>
  );
}

function BasisRows({ rows }: { rows: Target['basis_rows'] }) {
  const { t } = useText();
  const all = rows.measured + rows.verified + rows.declared;
  if (all === 0) return null;
  return (
    <>
      {(['measured', 'verified', 'declared'] as const)
        .filter((b) => rows[b] > 0)
        .map((b) => (
          <span key={b} className={`basis basis-${b}`}>
            {t(`basis.rows_${b}`, { n: rows[b], all })}
          </span>
        ))}
    </>
  );
}

function TargetRows({ target }: { target: Target }) {
  const { t, number } = useText();
  const { role } = useSession();
  const [sql, setSql] = useState(false);
  const order = { not_met: 0, unknown: 1, met: 2 } as Record<string, number>;
  const rows = [...target.rows].sort((a, b) => order[rowStanding(a.ok)]! - order[rowStanding(b.ok)]! || a.name.localeCompare(b.name));
  return (
    <section className="target">
      <h3>
        <Sign standing={target.standing} /> {target.title}
      </h3>
      <p>
        {target.figure && target.figure.denominator !== null && !new RegExp(`^${target.figure.numerator}\\b`).test(target.sentence) && (
          <strong className="figure">
            {number(target.figure.numerator)}/{number(target.figure.denominator)}{' '}
          </strong>
        )}
        {target.sentence.replace(/([^.!?…])$/, '$1.')} {!target.sentence.includes(target.text) && t('evidence.target', { text: target.text })} <BasisRows rows={target.basis_rows} />
        {target.unknown > 0 && <span className="basis">{t('evidence.unknown_rows', { n: target.unknown })}</span>}
      </p>
      {rows.length > 0 && (
        <ul className="evidence-rows">
          {rows.map((r) => (
            <EvidenceRow key={r.subject} row={r} role={role} />
          ))}
        </ul>
      )}
      {target.sql && (
        <>
          <button type="button" className="chip" aria-expanded={sql} onClick={() => setSql(!sql)}>
            {t('evidence.sql')}
          </button>
          {sql && (
            <pre className="code" tabIndex={0}>
              {target.sql}
            </pre>
          )}
        </>
      )}
    </section>
  );
}

/** Where a row leads, as far as the role may go. */
function linkTo(l: Schemas['EvidenceLink'], role: Role, t: Text['t']): { to: string; name: string } | null {
  switch (l.kind) {
    case 'events':
      return l.events && mayOpen(role, '/search') ? { to: searchAddress(l.events), name: l.title || t('evidence.lines') } : null;
    case 'source':
      return mayOpen(role, '/sources') ? { to: `/sources/${l.id}`, name: t('evidence.source', { name: l.title }) } : null;
    case 'alert':
      return mayOpen(role, '/alerts') ? { to: `/alerts/${l.id}?show=all`, name: l.title } : null;
    case 'incident':
      return mayOpen(role, '/incidents') ? { to: `/incidents/${l.id}`, name: l.title } : null;
    case 'system':
      return { to: `/systems/${l.id}`, name: t('evidence.system', { name: l.title }) };
    case 'agency':
      return { to: `/agencies/${l.id}`, name: l.title };
  }
}

function EvidenceRow({ row, role }: { row: Row; role: Role }) {
  const { t } = useText();
  const standing = rowStanding(row.ok);
  const links = row.links.flatMap((l) => {
    const found = linkTo(l, role, t);
    const lines = l.kind === 'source' && l.events && mayOpen(role, '/search') ? { to: searchAddress(l.events), name: t('evidence.lines') } : null;
    return [found, lines].filter((x) => x !== null);
  });
  return (
    <li>
      <span className="row-sign" title={t(`evidence.row_${standing}` as 'evidence.row_met')}>
        <Sign standing={standing} basis={row.basis} />
      </span>
      <span className="row-name">{row.name}</span>
      <span className="row-why">
        {row.reason}
        <span className="row-links">
          {links.map((l) => (
            <Link key={l.to} to={l.to}>
              {l.name}
            </Link>
          ))}
        </span>
      </span>
    </li>
  );
}

function History({ history }: { history: Schemas['Standing']['history'] }) {
  const { t } = useText();
  if (history.length === 0) return null;
  return (
    <section className="target">
      <h3>{t('evidence.history')}</h3>
      <ol className="history-bars">
        {history.map((h) => {
          const part = h.figure && h.figure.denominator ? Math.round((100 * h.figure.numerator) / h.figure.denominator) : null;
          return (
            <li key={h.period}>
              <span className={`history-bar${part === null ? ' history-none' : ''}`} aria-hidden="true">
                {part !== null && <span style={{ width: `${part}%` }} />}
              </span>
              <span className="history-label">
                <Sign standing={h.standing} size={14} /> {h.label}
                {h.figure && h.figure.denominator !== null && ` ${h.figure.numerator}/${h.figure.denominator}`}
              </span>
              <span className="visually-hidden">{t(`standing.${h.standing}`)}</span>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

