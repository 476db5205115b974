// How many lines matched, over time; a drag over it sets the range.
import { useCallback } from 'react';
import type { Schemas } from '../../api/client';
import { Chart } from '../../parts/later';
import { useText } from '../../text';
import { iso } from '../../text/format';

const HEIGHT = 108;

export function Histogram({ data, onRange }: { data: Schemas['Buckets'] | undefined; onRange: (from: string, to: string) => void }) {
  const { t, number, hourMinute, dayMonth, exact } = useText();
  const long = data ? new Date(data.to).getTime() - new Date(data.from).getTime() > 36 * 3600_000 : false;
  const label = useCallback((time: string) => (long ? `${dayMonth(time)} ${hourMinute(time)}` : hourMinute(time)), [long, dayMonth, hourMinute]);
  const option = useCallback(
    (c: Record<string, string>) => ({
      aria: { enabled: true },
      grid: { left: 48, right: 12, top: 24, bottom: 20 },
      tooltip: { trigger: 'axis', confine: true, axisPointer: { type: 'shadow' } },
      xAxis: {
        type: 'category',
        data: (data?.items ?? []).map((b) => label(b.time)),
        axisTick: { show: false },
        axisLine: { lineStyle: { color: c.line } },
        axisLabel: { color: c.quiet, hideOverlap: true },
      },
      yAxis: {
        type: 'value',
        min: 0,
        minInterval: 1,
        splitNumber: 2,
        name: t('search.lines_axis'),
        nameTextStyle: { color: c.quiet, align: 'left', padding: [0, 0, 0, -40] },
        splitLine: { lineStyle: { color: c.line } },
        axisLabel: { color: c.quiet },
      },
      series: [{ type: 'bar', data: (data?.items ?? []).map((b) => b.count), itemStyle: { color: c['accent-fill'] }, barCategoryGap: '12%', large: false }],
    }),
    [data, label, t],
  );
  if (!data) return <div className="panel histogram" style={{ height: HEIGHT + 34 }} aria-busy="true" />;
  return (
    <section className="panel histogram" aria-label={t('search.histogram')}>
      <Chart
        title={t('search.histogram_title', { n: number(data.total), from: exact(data.from), to: exact(data.to) })}
        height={HEIGHT}
        option={option}
        head={[t('chart.time'), t('search.lines_axis')]}
        rows={data.items.filter((b) => b.count > 0).map((b) => [exact(b.time), number(b.count)])}
        onRange={(first, last) => {
          const a = data.items[Math.min(first, data.items.length - 1)];
          const b = data.items[Math.min(last, data.items.length - 1)];
          if (a && b) onRange(a.time, iso(new Date(b.time).getTime() + data.bucket_seconds * 1000));
        }}
      />
    </section>
  );
}
