// Events as they arrive: the province's rhythm, and each agency's.
import { useCallback } from 'react';
import { Link } from 'react-router-dom';
import { useGet } from '../../api/client';
import { address } from '../../parts/address';
import { Spark } from '../../parts/figures';
import { Chart } from '../../parts/later';
import { Empty, Panel, Shown } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';
import { iso } from '../../text/format';

const MINUTES = 60;

export function IntakePanel() {
  const { t, number, hourMinute } = useText();
  const intake = useGet('/statistics/intake', { query: { minutes: MINUTES, buckets: MINUTES } }, { every: 5_000 });
  const data = intake.data;
  const option = useCallback(
    (c: Record<string, string>) => {
      const times = (data?.buckets ?? []).map((_, i) => hourMinute(iso(new Date(data!.from).getTime() + i * data!.bucket_seconds * 1000)));
      return {
        aria: { enabled: true },
        grid: { left: 44, right: 8, top: 26, bottom: 22 },
        tooltip: { trigger: 'axis', confine: true },
        xAxis: { type: 'category', data: times, axisTick: { show: false }, axisLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.quiet } },
        yAxis: {
          type: 'value',
          min: 0,
          minInterval: 1,
          name: t('home.intake_axis'),
          nameTextStyle: { color: c.quiet, align: 'left', padding: [0, 0, 0, -36] },
          splitNumber: 2,
          splitLine: { lineStyle: { color: c.line } },
          axisLabel: { color: c.quiet },
        },
        series: [{ type: 'bar', data: data?.buckets ?? [], itemStyle: { color: c['accent-fill'] }, barCategoryGap: '20%' }],
      };
    },
    [data, t, hourMinute],
  );
  return (
    <Panel title={t('home.intake')} more={data && <span className="quiet">{t('home.intake_rate', { rate: number(data.per_minute, 1), events: number(data.events) })}</span>}>
      <Shown of={intake} lines={3}>
        {(d) =>
          d.agencies.every((a) => a.last_seen === null) ? (
            <Empty command={d.connect.rsyslog}>{t('sources.none')}</Empty>
          ) : (
            <>
              <Chart
                title={t('home.intake')}
                height={130}
                option={option}
                head={[t('chart.time'), t('home.intake_axis')]}
                rows={d.buckets.map((n, i) => [hourMinute(iso(new Date(d.from).getTime() + i * d.bucket_seconds * 1000)), n])}
              />
              <ul className="intake">
                {d.agencies.map((a) => (
                  <li key={a.agency.id}>
                    <Link to={address('/sources', { agency: a.agency.id })}>{a.agency.short ?? a.agency.name}</Link>
                    <Spark values={a.buckets} title={t('home.intake_agency', { agency: a.agency.name, events: number(a.events) })} />
                    <span className="end figure">{number(a.events)}</span>
                    <span className="end quiet">
                      <When time={a.last_seen} />
                    </span>
                  </li>
                ))}
              </ul>
            </>
          )
        }
      </Shown>
    </Panel>
  );
}
