import { describe, expect, it } from 'vitest';
import type { Schemas } from '../src/api/client';
import { csv } from '../src/parts/export';
import { narrowed, rowShare } from '../src/pages/plan/narrow';

const cell = (standing: Schemas['StandingName']) => ({ standing, basis: null, figure: null, sentence: '' });
const row = (obligation: string, clause: string) => ({ obligation, clause, clause_title: clause, title: obligation, period: '2026-Q3' });
const column = (id: string, kind: string) => ({ agency: { id, name: id }, kind, kind_title: kind });
const matrix: Schemas['Matrix'] = {
  period: { id: '2026-Q3', label: 'Q3', from: '', to: '' },
  at: '',
  rows: [row('a', 'II.1'), row('b', 'II.2.1'), row('c', 'II.2.2')],
  columns: [column('x', 'so'), column('y', 'so'), column('z', 'huyen')],
  cells: [
    [cell('met'), cell('late'), cell('met')],
    [cell('met'), cell('met'), cell('unknown')],
    [cell('late'), cell('exempt'), null],
  ],
  counts: { met: 4, due: 0, late: 2, not_met: 0, exempt: 1, unknown: 1 },
};

describe('the matrix narrowed', () => {
  it('by clause takes the clauses below too', () => {
    expect(narrowed(matrix, { clause: 'II.2' }).rows.map((r) => r.obligation)).toEqual(['b', 'c']);
    expect(narrowed(matrix, { clause: 'II.1' }).rows.map((r) => r.obligation)).toEqual(['a']);
  });
  it('by kind keeps each cell with its row and column', () => {
    const m = narrowed(matrix, { kind: 'huyen' });
    expect(m.columns.map((c) => c.agency.id)).toEqual(['z']);
    expect(m.cells.map((r) => r[0]?.standing ?? null)).toEqual(['met', 'unknown', null]);
  });
  it('by standing drops rows and columns that hold none', () => {
    const m = narrowed(matrix, { standing: 'late' });
    expect(m.rows.map((r) => r.obligation)).toEqual(['a', 'c']);
    expect(m.columns.map((c) => c.agency.id)).toEqual(['x', 'y']);
  });
});

describe('a share of a row', () => {
  it('has neither exempt nor unknown cells in its sums', () => {
    expect(rowShare([cell('met'), cell('unknown'), cell('exempt'), cell('late'), null])).toEqual({ met: 1, judged: 2 });
  });
});

describe('an exported table', () => {
  it('quotes what needs it and disarms what a spreadsheet would run', () => {
    expect(csv([['a,b', 'say "x"', '=1+1', 2, null]])).toBe('\ufeff"a,b","say ""x""",\'=1+1,2,\r\n');
  });
});
