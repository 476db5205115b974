// One chart: few and plain, with a table behind it. The library comes with the page that draws.
import { BarChart, LineChart } from 'echarts/charts';
import { AriaComponent, BrushComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import type { EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { useMode } from '../app/mode';
import { family, palettes } from '../look/theme';
import { useText } from '../text';

echarts.use([BarChart, LineChart, GridComponent, TooltipComponent, LegendComponent, AriaComponent, BrushComponent, SVGRenderer]);

/** Axis labels of a size that fits small charts. */
type Axis = { axisLabel?: object; nameTextStyle?: object };
function withSmall(option: EChartsCoreOption): EChartsCoreOption {
  const axis = (a: Axis) => ({ ...a, axisLabel: { fontSize: 11, ...a.axisLabel }, nameTextStyle: { fontSize: 11, ...a.nameTextStyle } });
  return { ...option, xAxis: axis(option.xAxis as Axis), yAxis: axis(option.yAxis as Axis) };
}

export interface ChartProps {
  title: string;
  option: (colours: (typeof palettes)['light']) => EChartsCoreOption;
  height: number;
  /** The table behind it; left out where the page shows it beside the picture. */
  head?: string[];
  rows?: (string | number)[][];
  /** Called with the first and last index on the x axis that a drag covered. */
  onRange?: (first: number, last: number) => void;
}

export default function Chart({ title, option, height, head, rows, onRange }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const { mode } = useMode();
  const { t } = useText();
  const range = useRef(onRange);
  range.current = onRange;

  useEffect(() => {
    const chart = echarts.init(box.current!, undefined, { renderer: 'svg' });
    const colours = palettes[mode];
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: family, fontSize: 11, color: colours.quiet },
      ...withSmall(option(colours)),
      ...(range.current ? { brush: { xAxisIndex: 0, brushMode: 'single', throttleType: 'debounce', toolbox: [] } } : {}),
    });
    if (range.current) {
      const ready = () => chart.dispatchAction({ type: 'takeGlobalCursor', key: 'brush', brushOption: { brushType: 'lineX', brushMode: 'single' } });
      ready();
      chart.on('brushEnd', (event) => {
        const area = (event as { areas: { coordRange: [number, number] }[] }).areas[0];
        chart.dispatchAction({ type: 'brush', areas: [] });
        if (area) range.current?.(Math.max(0, area.coordRange[0]), Math.max(0, area.coordRange[1]));
      });
    }
    const watch = new ResizeObserver(() => chart.resize());
    watch.observe(box.current!);
    return () => {
      watch.disconnect();
      chart.dispose();
    };
  }, [option, mode]);

  return (
    <figure className="chart">
      <div ref={box} style={{ height }} role="img" aria-label={title} />
      {head && rows && <details>
        <summary>{t('chart.table')}</summary>
        <div className="chart-table" tabIndex={0} role="region" aria-label={title}>
          <table>
            <caption>{title}</caption>
            <thead>
              <tr>
                {head.map((h) => (
                  <th key={h} scope="col">
                    {h}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row, i) => (
                <tr key={i}>
                  {row.map((cell, j) => (
                    <td key={j}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>}
    </figure>
  );
}
