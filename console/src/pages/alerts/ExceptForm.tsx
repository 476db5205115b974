// 'Except this …': what of this alert raises nothing from now on, where, until when; pre-filled from why it
// matched, with a preview of how many past alerts it would have silenced.
import { Button, Input, Select } from 'antd';
import { useEffect, useState } from 'react';
import { call, useChange, type Schemas } from '../../api/client';
import { useDraft } from '../../parts/draft';
import { Trouble } from '../../parts/page';
import { useText } from '../../text';

type Where = 'source' | 'system' | 'agency' | 'all';
const DAY = 86_400_000;
const LONGEST = 365;
const PREVIEW_DAYS = 30;
const SETTLE = 400; // ms without a key before the preview is asked for

const dayIn = (days: number) => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);

/** What matched, and whom it is about: "user = pi", one a line. */
export function conditionsOf(alert: Schemas['Alert']): string {
  const lines = alert.why.filter((w) => w.field).map((w) => `${w.field} = ${w.value}`);
  lines.push(...(alert.correlation?.group_by ?? []).map((g) => `${g.field} = ${g.value}`));
  const whom = Object.entries(alert.events[0]?.fields ?? {}).find(([, value]) => alert.entity !== null && String(value) === alert.entity);
  if (whom) lines.push(`${whom[0]} = ${alert.entity}`);
  return [...new Set(lines)].join('\n');
}

export function ExceptForm({ alert }: { alert: Schemas['Alert'] }) {
  const { t, number } = useText();
  const places = ([['source', alert.source], ['system', alert.system], ['agency', alert.agency]] as const).filter(([, ref]) => ref);
  const [conditions, setConditions, dropConditions] = useDraft(`except.${alert.id}`, conditionsOf(alert));
  const [reason, setReason, dropReason] = useDraft(`except.why.${alert.id}`, '');
  const [where, setWhere] = useState<Where>(places[0]?.[0] ?? 'all');
  const [until, setUntil] = useState(dayIn(PREVIEW_DAYS));
  const add = useChange('post', '/exceptions');
  const place = where === 'all' ? {} : { [where]: alert[where]?.id };
  const short = reason.trim().length < 3 || !conditions.trim();

  if (add.isSuccess)
    return (
      <p role="status" className="inline-form">
        {t('except.done', { until })}
      </p>
    );
  return (
    <form
      className="inline-form"
      onSubmit={(e) => {
        e.preventDefault();
        if (short) return;
        add.mutate(
          { body: { rule: alert.rule, conditions, ...place, reason: reason.trim(), until: `${until}T23:59:59+07:00`, alert: alert.id } },
          { onSuccess: () => [dropConditions, dropReason].forEach((drop) => drop()) },
        );
      }}
    >
      <label htmlFor="except-conditions">{t('except.conditions')}</label>
      <Input.TextArea id="except-conditions" className="mono" autoSize={{ minRows: 2, maxRows: 8 }} spellCheck={false} value={conditions} maxLength={8000} onChange={(e) => setConditions(e.target.value)} aria-describedby="except-help" />
      <p id="except-help" className="quiet">
        {t('except.help')}
      </p>
      <div className="form-row">
        <Select
          aria-label={t('except.where')}
          value={where}
          style={{ minWidth: 220 }}
          onChange={setWhere}
          options={[...places.map(([kind, ref]) => ({ value: kind as Where, label: t(`except.${kind}`, { name: ref!.name }) })), { value: 'all' as Where, label: t('except.all') }]}
        />
        <label htmlFor="except-until">{t('except.until')}</label>
        <input id="except-until" type="date" value={until} min={dayIn(1)} max={dayIn(LONGEST)} onChange={(e) => setUntil(e.target.value)} />
      </div>
      <Preview body={{ rule: alert.rule, conditions, ...place, days: PREVIEW_DAYS }} />
      <label htmlFor="except-reason">{t('except.reason')}</label>
      <Input id="except-reason" value={reason} maxLength={2000} onChange={(e) => setReason(e.target.value)} />
      {add.error && <Trouble error={add.error} />}
      <div className="form-row">
        <Button htmlType="submit" disabled={short} loading={add.isPending}>
          {t('except.send', { rule: alert.detail.title })}
        </Button>
        <span className="quiet">{number(conditions.split('\n').filter((l) => l.trim()).length)} {t('except.lines')}</span>
      </div>
    </form>
  );
}

function Preview({ body }: { body: Schemas['ExceptionQuestion'] }) {
  const { t, number } = useText();
  const [shown, setShown] = useState<Schemas['ExceptionPreview'] | Error | null>(null);
  const asked = JSON.stringify(body);
  useEffect(() => {
    const own = new AbortController();
    const timer = window.setTimeout(() => {
      call('POST', '/exceptions/preview', { body: JSON.parse(asked) as object, signal: own.signal }).then(
        (answer) => setShown(answer as Schemas['ExceptionPreview']),
        (failure: unknown) => !own.signal.aborted && setShown(failure as Error),
      );
    }, SETTLE);
    return () => {
      window.clearTimeout(timer);
      own.abort();
    };
  }, [asked]);
  if (shown instanceof Error) return <p className="field-error">{shown.message}</p>;
  return (
    <p aria-live="polite" className="except-preview">
      {shown ? t('except.preview', { alerts: number(shown.alerts), of: number(shown.of_alerts), matches: number(shown.matches), days: number(shown.days) }) : '…'}
      {shown && !shown.complete && ` ${t('except.more')}`}
    </p>
  );
}
