// A rule over the archive's last days, before it is enabled: paste it or begin with one that runs; a bar
// a day, the table behind it, and examples that lead to their log lines.
import { Button, Input, Select } from 'antd';
import { useCallback, useEffect, useState } from 'react';
import { Link } from 'react-router-dom';
import { useGet, type Schemas } from '../../api/client';
import { useDraft } from '../../parts/draft';
import { said } from '../../parts/event';
import { Chart } from '../../parts/later';
import { Line } from '../../parts/line';
import { Level } from '../../parts/marks';
import { Panel, Trouble } from '../../parts/page';
import { When } from '../../parts/time';
import { address, searchAddress } from '../../parts/address';
import { useText } from '../../text';
import { useBacktest, type Tested } from './useBacktest';

const SPANS = [1, 3, 7, 14, 30, 90];
const RULE_MOST = 60_000;
const HEIGHT = 150;

export function Backtest({ from, close }: { from: string | undefined; close: () => void }) {
  const { t, number } = useText();
  const [rule, setRule] = useDraft('backtest.rule', '');
  const [days, setDays] = useState(7);
  const { tested, run, stop } = useBacktest();
  const begin = useGet('/rules/{rule}', { path: { rule: from ?? '' } }, { enabled: from !== undefined, keep: false });
  const text = begin.data?.text;
  useEffect(() => {
    if (text) setRule(text);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only when another rule was picked
  }, [text]);
  return (
    <Panel title={t('backtest.title')} more={<Button size="small" onClick={close}>{t('common.close')}</Button>}>
      <form
        className="inline-form"
        onSubmit={(e) => {
          e.preventDefault();
          if (rule.trim()) run(rule, days);
        }}
      >
        <label htmlFor="backtest-rule">{t('backtest.rule')}</label>
        <Input.TextArea id="backtest-rule" className="mono" rows={10} spellCheck={false} value={rule} maxLength={RULE_MOST} placeholder={'title: …\nlogsource: { product: linux, service: sshd }\ndetection:\n  selection:\n    action: failed\n  condition: selection\nlevel: medium'} onChange={(e) => setRule(e.target.value)} aria-describedby="backtest-help" />
        <p id="backtest-help" className="quiet">
          {t('backtest.help')}
        </p>
        <div className="form-row">
          <Select aria-label={t('backtest.span')} value={days} style={{ width: 160 }} onChange={setDays} options={SPANS.map((n) => ({ value: n, label: t('backtest.days', { n: number(n) }) }))} />
          <Button type="primary" htmlType="submit" disabled={!rule.trim() || tested.running}>
            {t('backtest.run')}
          </Button>
          {tested.running && <Button onClick={stop}>{t('backtest.stop')}</Button>}
        </div>
      </form>
      {begin.error && <Trouble error={begin.error} />}
      {tested.error && <Wrong error={tested.error} />}
      <Result of={tested} />
    </Panel>
  );
}

/** A fault of the rule's text stands with its line. */
function Wrong({ error }: { error: NonNullable<Tested['error']> }) {
  const { t } = useText();
  const place = /^rule:(\d+)(?::(\d+))?/.exec(error.place ?? '');
  if (!place) return <Trouble error={error} />;
  return (
    <p className="field-error" role="alert">
      {t('backtest.place', { line: place[1]!, column: place[2] ?? '1' })} {error.message}
      {error.hint && <span className="quiet"> · {error.hint}</span>}
    </p>
  );
}

function Result({ of }: { of: Tested }) {
  const { t, number } = useText();
  const { head, days, read } = of;
  if (!head) return of.running ? <p aria-live="polite">{t('backtest.compiling')}</p> : null;
  const blind = head.rules.filter((r) => r.unreachable);
  return (
    <>
      {blind.map((r) => (
        <p key={r.id} className="field-error">
          {t('backtest.unreachable', { rule: r.title })}
        </p>
      ))}
      {head.warnings.map((w) => (
        <p key={w}>{w}</p>
      ))}
      <p aria-live="polite">
        {days && <strong>{t('backtest.result', { expected: number(days.expected, 1), alerts: number(days.alerts), matches: number(days.matches) })}</strong>}{' '}
        {read && t(of.running ? 'backtest.reading' : 'backtest.read', { events: number(read.events), rate: number(read.events_per_second), blocks: number(read.blocks_read), left: number(read.blocks_left) })}{' '}
        {read && read.skipped.source + read.skipped.words > 0 && t('backtest.passed', { source: number(read.skipped.source), words: number(read.skipped.words) })}{' '}
        {!of.running && read?.stopped && <strong>{read.stopped}. </strong>}
        {of.stopped && <strong>{t('backtest.stopped')} </strong>}
        {days && days.excepted > 0 && t('backtest.excepted', { n: number(days.excepted) })}{' '}
        {days && days.cut > 0 && t('backtest.cut', { n: number(days.cut) })} {days && days.dropped > 0 && t('backtest.dropped', { n: number(days.dropped) })}
        {days && days.regex_limit > 0 && t('losses.regex', { n: number(days.regex_limit) })}
      </p>
      {days && <Bars of={days} />}
      {of.done && of.examples.length === 0 && <p className="quiet">{t('backtest.none')}</p>}
      {of.examples.length > 0 && <Examples of={of.examples} />}
    </>
  );
}

function Bars({ of }: { of: Schemas['BacktestDays'] }) {
  const { t, number, dayMonth, day } = useText();
  const option = useCallback(
    (c: Record<string, string>) => ({
      aria: { enabled: true },
      grid: { left: 48, right: 12, top: 28, bottom: 22 },
      tooltip: { trigger: 'axis', confine: true, axisPointer: { type: 'shadow' } },
      xAxis: { type: 'category', data: of.days.map((d) => dayMonth(d.day)), axisTick: { show: false }, axisLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.quiet, hideOverlap: true } },
      yAxis: { type: 'value', min: 0, minInterval: 1, splitNumber: 3, name: t('backtest.axis'), nameTextStyle: { color: c.quiet, align: 'left', padding: [0, 0, 0, -40] }, splitLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.quiet } },
      series: [{ type: 'bar', barMaxWidth: 48, barCategoryGap: '20%', data: of.days.map((d) => ({ value: d.alerts, itemStyle: { color: c['accent-fill'], opacity: d.whole ? 1 : 0.45 } })) }],
    }),
    [of, dayMonth, t],
  );
  return (
    <Chart
      title={t('backtest.chart', { n: number(of.days.length), alerts: number(of.alerts) })}
      height={HEIGHT}
      option={option}
      head={[t('backtest.day'), t('backtest.events'), t('backtest.matches'), t('backtest.axis'), t('backtest.whole')]}
      rows={of.days.map((d) => [day(d.day), number(d.events), number(d.matches), number(d.alerts), d.whole ? t('common.yes') : t('common.no')])}
    />
  );
}

const AROUND = 5 * 60_000;

function Examples({ of }: { of: Tested['examples'] }) {
  const { t, number } = useText();
  return (
    <section>
      <h3>{t('backtest.examples', { n: number(of.length) })}</h3>
      <table className="why" aria-label={t('backtest.examples', { n: number(of.length) })}>
        <tbody>
          {of.map((x) => {
            const at = new Date(x.time).getTime();
            const around = { query: '', from: new Date(at - AROUND).toISOString(), to: new Date(at + AROUND).toISOString(), agency: null, source: x.event?.source?.id ?? null };
            return (
              <tr key={x.id + x.rule}>
                <td>
                  <Level level={x.level} /> <When time={x.time} />
                  <br />
                  <Link to={address('/search', { query: `id:${x.id}`, from: around.from, to: around.to })}>{t('backtest.line')}</Link> · <Link to={searchAddress(around)}>{t('backtest.around')}</Link>
                </td>
                <td className="mono">
                  <Line text={x.event ? said(x.event) : x.id} words={x.why.map((w) => w.pattern).filter((p): p is string => p !== null)} />
                  <br />
                  <span className="quiet">
                    {[x.entity, ...x.why.map((w) => `${w.field ?? t('alerts.whole_line')} = ${w.value}`), x.correlation && `${x.correlation.type}: ${number(x.correlation.count)}`, x.earlier.length > 0 && t('backtest.earlier', { n: number(x.earlier.length) })].filter(Boolean).join(' · ')}
                  </span>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
