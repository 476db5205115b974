// What a query with pipes gives: a picture where one says more, and the table. A click on a value
// shows the lines behind it.
import { useMemo, useState } from 'react';
import { useMode } from '../../app/mode';
import { series } from '../../look/theme';
import { Chart } from '../../parts/later';
import { useText } from '../../text';
import { iso } from '../../text/format';

type Cell = string | number | null;

const SERIES_MOST = 8;
const BARS_MOST = 20;
const SHOWN = 200;
const SPANS_MOST = 500;
const HEIGHT = 200;

export interface Picture {
  kind: 'time' | 'bars';
  labels: string[];
  series: { name: string; values: (number | null)[] }[];
}

/** The moments in order, with those that no row has between them, as far as they are not too many. */
function spans(times: string[]): string[] {
  const seen = new Map(times.map((time) => [Date.parse(time), time]));
  const sorted = [...seen.keys()].sort((a, b) => a - b);
  const width = Math.min(...sorted.slice(1).map((time, i) => time - sorted[i]!));
  if (!((sorted.at(-1)! - sorted[0]!) / width < SPANS_MOST)) return sorted.map((time) => seen.get(time)!);
  const all: string[] = [];
  for (let time = sorted[0]!; time <= sorted.at(-1)!; time += width) all.push(seen.get(time) ?? iso(time));
  return all;
}

/** Figures over time become bars by moment (a text column parts them into series); one text column with
 * a figure behind it bars by value. Anything else is a table only. */
export function pictureOf(columns: string[], rows: Cell[][], empty: string): Picture | null {
  const named = (cell: Cell | undefined) => (cell === null ? '–' : String(cell) || empty);
  const figures = columns.map((_, i) => rows.length > 0 && rows.every((r) => typeof r[i] === 'number' || r[i] === null) && rows.some((r) => r[i] !== null));
  const figure = figures.indexOf(true);
  const time = columns.indexOf('time');
  const texts = columns.flatMap((_, i) => (i !== time && !figures[i] ? [i] : []));
  if (figure < 0 || rows.length < 2 || texts.length > 1) return null;
  if (time >= 0) {
    const labels = spans(rows.map((r) => String(r[time])));
    const at = new Map(labels.map((l, i) => [l, i]));
    const names = texts.length ? null : columns.flatMap((_, i) => (figures[i] ? [i] : []));
    if (names) {
      const rowAt = new Map(rows.map((r) => [String(r[time]), r]));
      return { kind: 'time', labels, series: names.slice(0, SERIES_MOST).map((i) => ({ name: columns[i]!, values: labels.map((l) => (rowAt.get(l)?.[i] ?? null) as number | null) })) };
    }
    const sums = new Map<string, { all: number; values: (number | null)[] }>();
    for (const r of rows) {
      const name = named(r[texts[0]!]);
      const one = sums.get(name) ?? { all: 0, values: labels.map(() => null) };
      one.values[at.get(String(r[time]))!] = r[figure] as number | null;
      one.all += (r[figure] as number | null) ?? 0;
      sums.set(name, one);
    }
    const most = [...sums].sort((a, b) => b[1].all - a[1].all).slice(0, SERIES_MOST);
    return { kind: 'time', labels, series: most.map(([name, one]) => ({ name, values: one.values })) };
  }
  if (texts.length !== 1) return null;
  const top = rows.slice(0, BARS_MOST);
  return { kind: 'bars', labels: top.map((r) => named(r[texts[0]!])), series: [{ name: columns[figure]!, values: top.map((r) => r[figure] as number | null) }] };
}

function Drawn({ picture, title }: { picture: Picture; title: string }) {
  const { dayMonth, hourMinute } = useText();
  const { mode } = useMode();
  const option = useMemo(() => {
    const time = picture.kind === 'time';
    const long = time && picture.labels.length > 1 && Date.parse(picture.labels.at(-1)!) - Date.parse(picture.labels[0]!) > 36 * 3600_000;
    const labels = time ? picture.labels.map((l) => (long ? `${dayMonth(l)} ${hourMinute(l)}` : hourMinute(l))) : picture.labels;
    return (c: Record<string, string>) => {
      const names = { type: 'category', data: labels, axisTick: { show: false }, axisLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.quiet, hideOverlap: true, width: 150, overflow: 'truncate' } };
      const values = { type: 'value', min: 0, splitNumber: 3, splitLine: { lineStyle: { color: c.line } }, axisLabel: { color: c.quiet } };
      return {
        aria: { enabled: true },
        grid: { left: 8, right: 20, top: picture.series.length > 1 ? 30 : 12, bottom: 4, containLabel: true },
        legend: picture.series.length > 1 ? { type: 'scroll', top: 0, textStyle: { color: c.text } } : undefined,
        tooltip: { trigger: 'axis', confine: true, axisPointer: { type: 'shadow' } },
        xAxis: time ? names : values,
        yAxis: time ? values : { ...names, inverse: true },
        series: picture.series.map((s, i) => ({ type: 'bar', name: s.name, data: s.values, stack: time && picture.series.length > 1 ? 'all' : undefined, itemStyle: { color: series[mode][i % SERIES_MOST] }, barMaxWidth: 22 })),
      };
    };
  }, [picture, mode, dayMonth, hourMinute]);
  const height = picture.kind === 'bars' ? Math.max(80, 26 * picture.labels.length + 34) : HEIGHT;
  return <Chart title={title} height={height} option={option} />;
}

interface Props {
  columns: string[];
  rows: Cell[][];
  query: string;
  onFilter: (field: string, value: string) => void;
}

export function Table({ columns, rows, query, onFilter }: Props) {
  const { t, number, exact } = useText();
  const [all, setAll] = useState(false);
  const picture = useMemo(() => pictureOf(columns, rows, t('search.empty_value')), [columns, rows, t]);
  const numeric = columns.map((_, i) => rows.some((r) => typeof r[i] === 'number') && rows.every((r) => typeof r[i] !== 'string'));
  const shown = all ? rows : rows.slice(0, SHOWN);
  return (
    <div className="table-found">
      {picture && <Drawn picture={picture} title={t('search.picture', { query })} />}
      <table className="list found" aria-label={t('search.table')}>
        <thead>
          <tr>
            {columns.map((c, i) => (
              <th key={c} scope="col" className={numeric[i] ? 'end' : undefined}>
                {c === 'time' ? t('field.time') : c}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, k) => (
            <tr key={k}>
              {row.map((cell, i) => (
                <td key={columns[i]} data-label={columns[i]} className={numeric[i] ? 'end' : i === 0 ? 'card-head' : undefined}>
                  {cell === null ? (
                    <span className="quiet">–</span>
                  ) : columns[i] === 'time' ? (
                    exact(String(cell))
                  ) : typeof cell === 'number' ? (
                    number(cell, Number.isInteger(cell) ? 0 : 2)
                  ) : (
                    <button type="button" className="cell-value" title={t('search.lines_of', { field: columns[i]!, value: cell })} onClick={() => onFilter(columns[i]!, cell)}>
                      {cell || t('search.empty_value')}
                    </button>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {!all && rows.length > SHOWN && (
        <div className="list-foot">
          <button type="button" className="chip" onClick={() => setAll(true)}>
            {t('search.all_rows', { n: number(rows.length) })}
          </button>
        </div>
      )}
    </div>
  );
}
