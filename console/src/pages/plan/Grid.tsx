// The table itself. One listener for all cells, a row draws itself anew only when it changed;
// arrows walk the cells, Enter opens the evidence.
import { Fragment, memo, useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { Schemas } from '../../api/client';
import { Sign, type StandingName } from '../../parts/marks';
import { useText } from '../../text';
import { rowShare } from './narrow';

type Matrix = Schemas['Matrix'];

interface RowProps {
  row: Matrix['rows'][number];
  cells: Matrix['cells'][number];
  columns: Matrix['columns'];
  first: ReadonlySet<number>;
  index: number;
  chosen: number;
  focus: number;
  period: string;
  only?: StandingName;
}

const Row = memo(function Row({ row, cells, columns, first, index, chosen, focus, period, only }: RowProps) {
  const { t } = useText();
  const { met, judged } = rowShare(cells);
  return (
    <tr>
      <th scope="row" title={row.title}>
        <span className="row-title">
          {row.title}
          {row.period !== period && <span className="quiet"> · {row.period}</span>}
        </span>
      </th>
      {cells.map((c, j) => (
        <td
          key={j}
          data-row={index}
          data-column={j}
          tabIndex={focus === j ? 0 : -1}
          className={`cell${c ? ` cell-${c.standing}` : ' cell-none'}${j === chosen ? ' cell-chosen' : ''}${first.has(j) ? ' kind-first' : ''}${only && c && c.standing !== only ? ' cell-pale' : ''}`}
          title={c ? `${columns[j]!.agency.name}: ${t(`standing.${c.standing}`)}. ${c.sentence}` : undefined}
          aria-label={c ? `${columns[j]!.agency.short ?? columns[j]!.agency.name}: ${t(`standing.${c.standing}`)}${c.basis ? `, ${t(`basis.${c.basis}`)}` : ''}` : t('matrix.not_owed')}
          aria-selected={j === chosen}
        >
          {c ? <Sign standing={c.standing} basis={c.basis} size={18} /> : null}
        </td>
      ))}
      <td className="cell-share" tabIndex={focus === cells.length ? 0 : -1}>
        {judged > 0 ? (
          <>
            {met}/{judged}
            <span className="share-bar" aria-hidden="true">
              <span style={{ width: `${(100 * met) / judged}%` }} />
            </span>
          </>
        ) : (
          <span className="quiet" title={t('matrix.not_judged')}>
            –
          </span>
        )}
      </td>
    </tr>
  );
});

export function Grid({ matrix, only, chosen, open }: { matrix: Matrix; only?: StandingName; chosen?: string; open: (obligation: string, agency: string) => void }) {
  const { t } = useText();
  const table = useRef<HTMLTableElement>(null);
  const [focus, setFocus] = useState<[number, number]>([0, 0]);
  const [o, a] = (chosen ?? '').split('~');
  const chosenRow = matrix.rows.findIndex((r) => r.obligation === o);
  const chosenColumn = matrix.columns.findIndex((c) => c.agency.id === a);
  const kinds = useMemo(() => {
    const groups: { kind: string; title: string; from: number; count: number }[] = [];
    matrix.columns.forEach((c, j) => {
      const last = groups[groups.length - 1];
      if (last && last.kind === c.kind) last.count++;
      else groups.push({ kind: c.kind, title: c.kind_title, from: j, count: 1 });
    });
    return groups;
  }, [matrix.columns]);
  const first = useMemo(() => new Set(kinds.map((k) => k.from)), [kinds]);

  useEffect(() => {
    if (chosenRow >= 0 && chosenColumn >= 0)
      table.current?.querySelector(`td[data-row="${chosenRow}"][data-column="${chosenColumn}"]`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [chosenRow, chosenColumn]);

  const act = (target: EventTarget) => {
    const td = (target as HTMLElement).closest<HTMLElement>('td[data-row]');
    if (!td) return;
    const i = Number(td.dataset.row);
    const j = Number(td.dataset.column);
    setFocus([i, j]);
    if (matrix.cells[i]?.[j]) open(matrix.rows[i]!.obligation, matrix.columns[j]!.agency.id);
  };
  const press = (e: KeyboardEvent) => {
    const td = (e.target as HTMLElement).closest<HTMLElement>('td[data-row]');
    if (!td) return;
    let i = Number(td.dataset.row);
    let j = Number(td.dataset.column);
    if (e.key === 'Enter' || e.key === ' ') {
      e.preventDefault();
      return act(td);
    }
    if (e.key === 'ArrowDown') i++;
    else if (e.key === 'ArrowUp') i--;
    else if (e.key === 'ArrowRight') j++;
    else if (e.key === 'ArrowLeft') j--;
    else if (e.key === 'Home') j = 0;
    else if (e.key === 'End') j = matrix.columns.length - 1;
    else return;
    e.preventDefault();
    i = Math.max(0, Math.min(matrix.rows.length - 1, i));
    j = Math.max(0, Math.min(matrix.columns.length - 1, j));
    setFocus([i, j]);
    table.current?.querySelector<HTMLElement>(`td[data-row="${i}"][data-column="${j}"]`)?.focus();
  };

  let clause = '';
  return (
    <div className="grid-frame" tabIndex={-1}>
      <table ref={table} className="grid" role="grid" aria-label={t('matrix.title')} aria-rowcount={matrix.rows.length} aria-colcount={matrix.columns.length} onClick={(e) => act(e.target)} onKeyDown={press}>
        <thead>
          {kinds.length > 1 && (
            <tr className="kinds">
              <td />
              {kinds.map((k) => (
                <th key={k.from} scope="colgroup" colSpan={k.count} title={k.title}>
                  <span>{k.title}</span>
                </th>
              ))}
              <td />
            </tr>
          )}
          <tr className="names">
            <th scope="col" className="corner">
              {t('matrix.obligation')} <span className="quiet">· {matrix.period.label}</span>
            </th>
            {matrix.columns.map((c, j) => (
              <th key={c.agency.id} scope="col" title={c.agency.name} className={first.has(j) ? 'kind-first' : undefined}>
                <span className="upright">{c.agency.short ?? c.agency.name}</span>
              </th>
            ))}
            <th scope="col" className="share-head">
              {t('standing.met')}
            </th>
          </tr>
        </thead>
        <tbody>
          {matrix.rows.map((r, i) => {
            const head = r.clause !== clause;
            clause = r.clause;
            return (
              <Fragment key={`${r.obligation} ${r.period}`}>
                {head && (
                  <tr className="clause-row">
                    <th scope="rowgroup" colSpan={matrix.columns.length + 2}>
                      <span>
                        <strong>{r.clause}</strong> {r.clause_title}
                      </span>
                    </th>
                  </tr>
                )}
                <Row
                  row={r}
                  cells={matrix.cells[i]!}
                  columns={matrix.columns}
                  first={first}
                  index={i}
                  chosen={i === chosenRow ? chosenColumn : -1}
                  focus={i === focus[0] ? focus[1] : -1}
                  period={matrix.period.id}
                  only={only}
                />
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
