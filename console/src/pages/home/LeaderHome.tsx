// The vice-chairman's page: three sentences, one picture, five calls. Fits one A4.
import PrinterOutlined from '@ant-design/icons/es/icons/PrinterOutlined';
import { Button } from 'antd';
import { useCallback } from 'react';
import { Link } from 'react-router-dom';
import type { Schemas } from '../../api/client';
import { address } from '../../parts/address';
import { cellAddress } from '../../parts/duties';
import { share } from '../../parts/figures';
import { Chart } from '../../parts/later';
import { Standing } from '../../parts/marks';
import { Empty, Page, Panel } from '../../parts/page';
import { useText } from '../../text';

export function LeaderHome({ home }: { home: Schemas['HomeLeader'] }) {
  const { t, number, percent, exact } = useText();
  const all = share(home.counts);
  const judged = home.clauses.map((c) => ({ ...c, now: share(c.counts), before: c.previous ? share(c.previous) : null }));
  const known = judged.filter((c) => c.now.judged > 0);
  // What is still within its time is not held against anybody.
  const missing = (c: (typeof known)[number]) => c.counts.late + c.counts.not_met;
  const worst = [...known].sort((a, b) => missing(b) * a.now.judged - missing(a) * b.now.judged)[0];
  const matrix = (standing?: string, clause?: string) => address('/plan', { period: home.period.id, standing, clause });
  const rate = (s: { met: number; judged: number } | null) => (s && s.judged > 0 ? Math.round((100 * s.met) / s.judged) : null);
  const compare = judged.some((c) => c.before && c.before.judged > 0);

  const option = useCallback(
    (c: Record<string, string>) => ({
      aria: { enabled: true },
      grid: { left: 64, right: 48, top: compare ? 30 : 8, bottom: 36 },
      legend: compare ? { top: 0, textStyle: { color: c.quiet } } : undefined,
      tooltip: { trigger: 'axis', confine: true, axisPointer: { type: 'shadow' } },
      xAxis: { type: 'value', min: 0, max: 100, name: t('home.share_axis'), nameLocation: 'middle', nameGap: 22, splitLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.quiet } },
      yAxis: { type: 'category', inverse: true, data: judged.map((x) => x.clause), axisTick: { show: false }, axisLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.text } },
      series: [
        ...(compare ? [{ type: 'bar', name: t('home.last_year'), data: judged.map((x) => rate(x.before)), itemStyle: { color: c['bar-soft'] } }] : []),
        { type: 'bar', name: t('home.this_year'), data: judged.map((x) => rate(x.now)), itemStyle: { color: c['accent-fill'] }, barMaxWidth: 14, label: { show: true, position: 'right', color: c.text, formatter: '{c} %' } },
      ],
    }),
    [home, t],
  );

  return (
    <Page
      className="sheet"
      title={t('home.leader')}
      sub={t('home.leader_sub', { number: home.plan.number, period: home.period.label, at: exact(home.at) })}
      tools={
        <Button icon={<PrinterOutlined />} onClick={() => window.print()}>
          {t('common.print')}
        </Button>
      }
    >
      <div className="sentences">
        <p>
          <Link to={matrix()}>
            {all.judged > 0
              ? t('home.sentence_met', { met: number(all.met), judged: number(all.judged), share: percent(all.met, all.judged), agencies: number(home.agencies), due: number(home.counts.due), unknown: number(home.counts.unknown) })
              : t('home.sentence_none', { all: number(all.all), agencies: number(home.agencies) })}
          </Link>
        </p>
        <p>
          {worst && missing(worst) > 0 ? (
            <Link to={matrix(undefined, worst.clause)}>
              {t('home.sentence_worst', { clause: worst.clause, title: worst.title, missing: number(missing(worst)), judged: number(worst.now.judged), late: number(home.counts.late), not_met: number(home.counts.not_met) })}
            </Link>
          ) : (
            <Link to={matrix('late')}>{t('home.sentence_no_worst', { late: number(home.counts.late), not_met: number(home.counts.not_met) })}</Link>
          )}
        </p>
        <p>
          <Link to="/incidents">
            {t('home.sentence_incidents', { opened: number(home.incidents_opened), open: number(home.incidents_open), measured: percent(home.measured_rows, home.all_rows), rows: number(home.all_rows) })}
          </Link>
        </p>
      </div>
      <div className="columns">
        <Panel title={compare ? t('home.picture') : t('home.picture_first')}>
          {known.length === 0 ? (
            <Empty>{t('home.picture_none')}</Empty>
          ) : (
            <Chart
              title={t('home.picture_first')}
              height={Math.max(180, 34 * judged.length + 50)}
              option={option}
              head={[t('plan.clause'), t('plan.clause_title'), t('home.this_year'), t('home.last_year'), t('standing.unknown')]}
              rows={judged.map((x) => [x.clause, x.title, x.now.judged > 0 ? `${x.now.met}/${x.now.judged}` : '–', x.before && x.before.judged > 0 ? `${x.before.met}/${x.before.judged}` : '–', x.counts.unknown])}
            />
          )}
          {!compare && known.length > 0 && <p className="hint">{t('home.no_last_year')}</p>}
        </Panel>
        <Panel title={t('home.calls')}>
          {home.calls.length === 0 ? (
            <Empty>{t('home.calls_none')}</Empty>
          ) : (
            <ol className="calls">
              {home.calls.map((c) => (
                <li key={c.agency.id}>
                  <Link to={`/agencies/${c.agency.id}`}>
                    <strong>{c.agency.name}</strong>
                  </Link>
                  <span className="quiet">{t('home.call_counts', { late: c.late, not_met: c.not_met })}</span>
                  <Link to={cellAddress(c.worst.obligation, c.agency.id, c.worst.period)}>
                    <Standing standing={c.worst.standing} basis={c.worst.basis} /> {c.worst.clause} {c.worst.title}
                  </Link>
                </li>
              ))}
            </ol>
          )}
        </Panel>
      </div>
    </Page>
  );
}
