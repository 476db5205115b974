// The matrix narrowed to what was asked: by clause, by kind of agency, by standing.
import type { Schemas } from '../../api/client';

type Matrix = Schemas['Matrix'];
export interface Wanted {
  standing?: string;
  clause?: string;
  kind?: string;
}

/** Rows and columns in which nothing of the wanted standing is left go; the rest stays in order. */
export function narrowed(m: Matrix, wanted: Wanted): Matrix {
  let columns = m.columns.map((c, j) => ({ c, j })).filter(({ c }) => !wanted.kind || c.kind === wanted.kind);
  let rows = m.rows.map((r, i) => ({ r, i })).filter(({ r }) => !wanted.clause || r.clause === wanted.clause || r.clause.startsWith(`${wanted.clause}.`));
  if (wanted.standing) {
    const has = (i: number, j: number) => m.cells[i]?.[j]?.standing === wanted.standing;
    const inRows = rows.filter(({ i }) => columns.some(({ j }) => has(i, j)));
    columns = columns.filter(({ j }) => inRows.some(({ i }) => has(i, j)));
    rows = inRows;
  }
  return {
    ...m,
    rows: rows.map(({ r }) => r),
    columns: columns.map(({ c }) => c),
    cells: rows.map(({ i }) => columns.map(({ j }) => m.cells[i]?.[j] ?? null)),
  };
}

/** met of judged in one row; what is exempt or unknown is in neither. */
export function rowShare(cells: Matrix['cells'][number]): { met: number; judged: number } {
  let met = 0;
  let judged = 0;
  for (const c of cells) {
    if (!c || c.standing === 'exempt' || c.standing === 'unknown') continue;
    judged++;
    if (c.standing === 'met') met++;
  }
  return { met, judged };
}
