// What people did about a standing, and what the reader of the drawer may do: remind, exempt, declare,
// send back. Each form keeps what is typed.
import { Button, Input, Select } from 'antd';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useChange, type Problem, type Schemas } from '../../api/client';
import { useSession } from '../../app/session';
import { useDraft } from '../../parts/draft';
import { When } from '../../parts/time';
import { useText } from '../../text';
import { localDay } from '../../text/format';

type Standing = Schemas['Standing'];
type Move = Standing['moves'][number];
const LEAST = 3;
const CHANNELS = ['console', 'phone', 'mail', 'letter'] as const;

export function StandingRecord({ standing, at }: { standing: Standing; at?: string }) {
  const { t } = useText();
  const [open, setOpen] = useState<Move | null>(null);
  const where = { path: { obligation: standing.obligation.id, agency: standing.agency.id }, query: { period: standing.period.id } };
  const close = () => setOpen(null);
  const moves = at ? [] : standing.moves.filter((m) => m !== 'return' && (m !== 'declare' || standing.declare.length > 0));
  const Form = { remind: Remind, exempt: Exempt, declare: Declare };
  const Chosen = open && open !== 'return' ? Form[open] : null;
  return (
    <>
      {moves.length > 0 && (
        <div className="record-moves">
          {moves.map((m) => (
            <Button key={m} type={open === m ? 'primary' : 'default'} aria-expanded={open === m} onClick={() => setOpen(open === m ? null : m)}>
              {t(`record.${m}` as 'record.remind')}
            </Button>
          ))}
        </div>
      )}
      {Chosen && <Chosen key={open} standing={standing} where={where} close={close} />}
      <Notices standing={standing} />
      <Declared standing={standing} />
      <Exemptions standing={standing} />
    </>
  );
}

interface FormProps {
  standing: Standing;
  where: { path: { obligation: string; agency: string }; query: { period: string } };
  close: () => void;
}

function Framed({ label, busy, ready, error, close, send, children }: { label: string; busy: boolean; ready: boolean; error: Problem | null; close: () => void; send: () => void; children: ReactNode }) {
  const { t } = useText();
  return (
    <form
      className="inline-form"
      onSubmit={(e: FormEvent) => {
        e.preventDefault();
        if (ready) send();
      }}
    >
      {children}
      {error && <p className="field-error" role="alert">{error.message} {error.hint}</p>}
      <Button type="primary" htmlType="submit" loading={busy} disabled={!ready}>
        {label}
      </Button>{' '}
      <Button onClick={close}>{t('common.cancel')}</Button>
    </form>
  );
}

function Remind({ standing, where, close }: FormProps) {
  const { t, day } = useText();
  const proposal = standing.due ? t('record.remind_due', { title: standing.obligation.title, day: day(standing.due) }) : t('record.remind_text', { title: standing.obligation.title });
  const [text, setText, drop] = useDraft(`remind.${standing.obligation.id}.${standing.agency.id}`, proposal);
  const [channel, setChannel] = useState<(typeof CHANNELS)[number]>('console');
  const send = useChange('post', '/plan/standing/{obligation}/{agency}/reminders');
  const done = () => {
    drop();
    close();
  };
  return (
    <Framed label={t('record.remind_send')} busy={send.isPending} ready={text.trim().length >= LEAST} error={send.error} close={close} send={() => send.mutate({ ...where, body: { text: text.trim(), channel } }, { onSuccess: done })}>
      <label htmlFor="remind-text">{t('record.remind_label', { agency: standing.agency.name })}</label>
      <Input.TextArea id="remind-text" rows={3} autoFocus value={text} maxLength={2000} onChange={(e) => setText(e.target.value)} />
      <label htmlFor="remind-channel">{t('record.channel')}</label>
      <Select id="remind-channel" value={channel} style={{ width: '100%' }} onChange={setChannel} options={CHANNELS.map((c) => ({ value: c, label: t(`record.channel_${c}`) }))} />
      <p className="quiet">{t('record.remind_help')}</p>
    </Framed>
  );
}

function Exempt({ standing, where, close }: FormProps) {
  const { t } = useText();
  const reasons = standing.exemption_reasons;
  const [reason, setReason, drop] = useDraft(`exempt.${standing.obligation.id}.${standing.agency.id}`, reasons[0]?.id ?? '');
  const [from, setFrom] = useState(localDay(new Date(standing.period.from).getTime()));
  const [to, setTo] = useState(localDay(new Date(standing.period.to).getTime() - 1));
  const [asked, setAsked] = useState('');
  const [document, setDocument] = useState('');
  const grant = useChange('post', '/plan/standing/{obligation}/{agency}/exemptions');
  const ready = reason.trim().length >= LEAST && asked.trim() !== '' && from !== '' && to >= from;
  const done = () => {
    drop();
    close();
  };
  return (
    <Framed
      label={t('record.exempt_send')}
      busy={grant.isPending}
      ready={ready}
      error={grant.error}
      close={close}
      send={() => grant.mutate({ ...where, body: { reason: reason.trim(), from, to, asked_by: asked.trim(), ...(document.trim() ? { document: document.trim() } : {}) } }, { onSuccess: done })}
    >
      <label htmlFor="exempt-reason">{t('record.exempt_reason')}</label>
      {reasons.length > 0 ? (
        <Select id="exempt-reason" value={reason} style={{ width: '100%' }} onChange={setReason} options={reasons.map((r) => ({ value: r.id, label: r.title }))} />
      ) : (
        <Input.TextArea id="exempt-reason" rows={2} autoFocus value={reason} maxLength={1000} onChange={(e) => setReason(e.target.value)} />
      )}
      <div className="record-days">
        <label>
          {t('record.exempt_from')} <input type="date" value={from} onChange={(e) => setFrom(e.target.value)} />
        </label>
        <label>
          {t('record.exempt_to')} <input type="date" value={to} min={from} onChange={(e) => setTo(e.target.value)} />
        </label>
      </div>
      {to < from && <p className="field-error">{t('record.days_wrong')}</p>}
      <label htmlFor="exempt-asked">{t('record.exempt_asked')}</label>
      <Input id="exempt-asked" value={asked} maxLength={200} onChange={(e) => setAsked(e.target.value)} />
      <label htmlFor="exempt-document">{t('record.document')}</label>
      <Input id="exempt-document" value={document} maxLength={300} onChange={(e) => setDocument(e.target.value)} />
      <p className="quiet">{t('record.exempt_help')}</p>
    </Framed>
  );
}

function Declare({ standing, where, close }: FormProps) {
  const { t } = useText();
  const today = localDay(Date.now());
  const [kind, setKind] = useState(standing.declare[0]!.kind);
  const [title, setTitle, drop] = useDraft(`declare.${standing.obligation.id}`, '');
  const [document, setDocument] = useState('');
  const [day, setDay] = useState(today);
  const declare = useChange('post', '/plan/standing/{obligation}/{agency}/evidence');
  const ready = title.trim().length >= LEAST && document.trim() !== '' && day !== '' && day <= today;
  const done = () => {
    drop();
    close();
  };
  return (
    <Framed label={t('record.declare_send')} busy={declare.isPending} ready={ready} error={declare.error} close={close} send={() => declare.mutate({ ...where, body: { kind, title: title.trim(), document: document.trim(), day } }, { onSuccess: done })}>
      {standing.declare.length > 1 && (
        <>
          <label htmlFor="declare-kind">{t('record.declare_kind')}</label>
          <Select id="declare-kind" value={kind} style={{ width: '100%' }} onChange={setKind} options={standing.declare.map((d) => ({ value: d.kind, label: d.title }))} />
        </>
      )}
      <label htmlFor="declare-title">{t('record.declare_title')}</label>
      <Input id="declare-title" autoFocus value={title} maxLength={300} onChange={(e) => setTitle(e.target.value)} />
      <label htmlFor="declare-document">{t('record.declare_document')}</label>
      <Input id="declare-document" value={document} maxLength={300} onChange={(e) => setDocument(e.target.value)} />
      <label>
        {t('record.declare_day')} <input type="date" value={day} max={today} onChange={(e) => setDay(e.target.value)} />
      </label>
      <p className="quiet">{t('record.declare_help')}</p>
    </Framed>
  );
}

function Notices({ standing }: { standing: Standing }) {
  const { t } = useText();
  const { role } = useSession();
  const seen = useChange('post', '/notices/{notice}/acknowledge');
  if (standing.notices.length === 0) return null;
  return (
    <section className="target">
      <h3>{t('record.notices')}</h3>
      <ul className="record-list">
        {standing.notices.map((n) => (
          <li key={n.id}>
            <p>{n.text}</p>
            <p className="quiet">
              {t('record.notice_line', { by: n.by, receiver: n.receiver, channel: t(`record.channel_${n.channel}` as 'record.channel_console') })} · <When time={n.time} /> ·{' '}
              {n.acknowledged ? t('record.acknowledged') : t('record.not_acknowledged')}
            </p>
            {role === 'agency' && !n.acknowledged && (
              <Button size="small" loading={seen.isPending} onClick={() => seen.mutate({ path: { notice: n.id } })}>
                {t('record.acknowledge')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Declared({ standing }: { standing: Standing }) {
  const { t, day } = useText();
  const [open, setOpen] = useState<number | null>(null);
  if (standing.evidence.length === 0) return null;
  const may = standing.moves.includes('return');
  return (
    <section className="target">
      <h3>{t('record.evidence')}</h3>
      <ul className="record-list">
        {standing.evidence.map((e) => (
          <li key={e.id} className={e.returned ? 'record-returned' : undefined}>
            <p>
              <strong>{e.title || e.kind_title}</strong> {e.document && <span>({e.document})</span>}
            </p>
            <p className="quiet">
              {t(`basis.${e.basis}`)} · {t('record.holds_from', { day: day(e.holds_from) })} · {e.by} · <When time={e.learnt} />
            </p>
            {e.returned && (
              <p className="field-error">
                {t('record.returned', { by: e.returned.by, reason: e.returned.reason })} · <When time={e.returned.time} />
              </p>
            )}
            {may && !e.returned && e.basis === 'declared' && open !== e.id && (
              <Button size="small" onClick={() => setOpen(e.id)}>
                {t('record.return')}
              </Button>
            )}
            {open === e.id && <Return id={e.id} close={() => setOpen(null)} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Return({ id, close }: { id: number; close: () => void }) {
  const { t } = useText();
  const [reason, setReason, drop] = useDraft(`return.${id}`, '');
  const send = useChange('post', '/evidence/{evidence}/return');
  const done = () => {
    drop();
    close();
  };
  return (
    <Framed label={t('record.return_send')} busy={send.isPending} ready={reason.trim().length >= LEAST} error={send.error} close={close} send={() => send.mutate({ path: { evidence: id }, body: { reason: reason.trim() } }, { onSuccess: done })}>
      <label htmlFor="return-reason">{t('record.return_reason')}</label>
      <Input.TextArea id="return-reason" rows={2} autoFocus value={reason} maxLength={1000} onChange={(e) => setReason(e.target.value)} />
    </Framed>
  );
}

function Exemptions({ standing }: { standing: Standing }) {
  const { t, day } = useText();
  const { role } = useSession();
  const revoke = useChange('delete', '/exemptions/{exemption}');
  if (standing.exemptions.length === 0) return null;
  return (
    <section className="target">
      <h3>{t('record.exemptions')}</h3>
      <ul className="record-list">
        {standing.exemptions.map((x) => (
          <li key={x.id} className={x.revoked ? 'record-returned' : undefined}>
            <p>
              {x.reason} {x.document && <span>({x.document})</span>}
            </p>
            <p className="quiet">
              {t('record.exemption_line', { from: day(x.from), to: day(x.to), by: x.granted_by, asked: x.asked_by })}
              {x.revoked && ` · ${t('record.exemption_revoked')}`}
            </p>
            {role === 'lead' && !x.revoked && (
              <Button size="small" loading={revoke.isPending} onClick={() => revoke.mutate({ path: { exemption: x.id } })}>
                {t('record.exemption_revoke')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
