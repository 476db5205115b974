// The moves that want words: a false positive or a true one without consequence (why), an
// incident (title, severity).
import { Button, Input, Select } from 'antd';
import { useState, type FocusEvent, type FormEvent, type KeyboardEvent } from 'react';
import type { Schemas } from '../../api/client';
import { useDraft } from '../../parts/draft';
import { severities } from '../../parts/marks';
import { useText } from '../../text';

interface Props {
  alert: Schemas['Alert'];
  count: number;
  busy: boolean;
  close: () => void;
  send: (body: object) => void;
}
const REASON_LEAST = 3;

/** One goes on writing after what is pre-filled. */
function atEnd(e: FocusEvent<HTMLTextAreaElement>) {
  e.target.setSelectionRange(e.target.value.length, e.target.value.length);
}

/** Ctrl Enter sends from within a text field. */
function quick(submit: () => void) {
  return (e: KeyboardEvent) => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      submit();
    }
  };
}

export function ReasonForm({ move, alert, count, busy, close, send }: Props & { move: 'false_positive' | 'close' }) {
  const { t } = useText();
  const proposal = t(`alerts.reason_proposal_${move}`, { rule: alert.detail.title, where: alert.system?.name ?? alert.source?.name ?? alert.entity ?? '' });
  const [reason, setReason, drop] = useDraft(`${move}.${alert.id}`, proposal);
  const short = reason.trim().length < REASON_LEAST;
  const submit = (e?: FormEvent) => {
    e?.preventDefault();
    if (short) return;
    send({ reason: reason.trim() });
    drop();
  };
  return (
    <form className="inline-form" onSubmit={submit}>
      <label htmlFor="reason">{t(`alerts.reason_${move}`, { n: count })}</label>
      <Input.TextArea id="reason" rows={2} autoFocus onFocus={atEnd} value={reason} onChange={(e) => setReason(e.target.value)} onKeyDown={quick(submit)} status={short ? 'error' : undefined} aria-describedby="reason-help" maxLength={2000} />
      <p id="reason-help" className={short ? 'field-error' : 'quiet'}>
        {short ? t('alerts.reason_short') : t('alerts.reason_help')}
      </p>
      <Button type="primary" htmlType="submit" loading={busy} disabled={short}>
        {t(`alerts.send_${move}`)} <kbd>Ctrl ⏎</kbd>
      </Button>{' '}
      <Button onClick={close}>{t('common.cancel')}</Button>
    </form>
  );
}

export function EscalateForm({ alert, count, busy, close, send }: Props) {
  const { t } = useText();
  const [title, setTitle, drop] = useDraft(`escalate.${alert.id}`, alert.title);
  const [severity, setSeverity] = useState<Schemas['Severity']>(alert.level === 'informational' ? 'low' : alert.level);
  const short = title.trim().length < REASON_LEAST;
  const submit = (e?: FormEvent) => {
    e?.preventDefault();
    if (short) return;
    // what nobody changed is the alert's own title, which everybody then reads in their language
    send(title.trim() === alert.title ? { severity } : { title: title.trim(), severity });
    drop();
  };
  return (
    <form className="inline-form" onSubmit={submit}>
      <label htmlFor="incident-title">{t('alerts.incident_title', { n: count })}</label>
      <Input id="incident-title" autoFocus value={title} maxLength={300} onChange={(e) => setTitle(e.target.value)} onKeyDown={quick(submit)} status={short ? 'error' : undefined} />
      {short && <p className="field-error">{t('alerts.title_short')}</p>}
      <div className="form-row">
        <Select
          aria-label={t('incidents.severity')}
          value={severity}
          style={{ width: 160 }}
          onChange={setSeverity}
          options={severities.map((s) => ({ value: s, label: t(`level.${s}`) }))}
        />
        <Button type="primary" htmlType="submit" loading={busy} disabled={short}>
          {t('alerts.send_escalate')} <kbd>⏎</kbd>
        </Button>
        <Button onClick={close}>{t('common.cancel')}</Button>
      </div>
    </form>
  );
}
