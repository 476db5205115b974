// The query line as text: adding a filter, the words to mark, the word being typed.

/** A value as the query language takes it: bare when it is plain, else quoted. Signs that mean
 * something to the language (* ? / < > = ..) are always quoted. */
export function quoted(value: string): string {
  const plain = /^[\p{L}\p{N}_][\p{L}\p{N}_.@-]*$/u.test(value) && !value.includes('..') && !/^(and|or|not)$/i.test(value);
  return plain ? value : `"${value.replace(/(["\\])/g, '\\$1')}"`;
}

export const PIPES = ['count', 'fields', 'limit', 'sort', 'stats', 'timechart', 'top', 'uniq'] as const;

/** What a query looks for, and its pipes (with the first `|`; empty when it has none). A `|` within
 * quotation marks or a regular expression is no pipe. */
export function halves(query: string): [string, string] {
  const filter = /^(?:"(?:[^"\\]|\\.)*"|:\/(?:[^/\\]|\\.)*\/|[^|])*/s.exec(query)![0];
  return [filter.trim(), query.slice(filter.length).trim()];
}

/** Keys of the register are whole already; of an event's field, exactly this value is meant. */
const KEYS = new Set(['agency', 'system', 'source', 'decoder', 'product', 'category', 'service']);
const term = (field: string, value: string) => `${field}:${KEYS.has(field) ? '' : '='}${quoted(value)}`;

/** Adds `field:value` (or its opposite) to what is looked for; a query with `or` at its top is put in
 * brackets first. Pipes stay behind it. */
export function withFilter(query: string, field: string, value: string, out: boolean): string {
  const wanted = out ? `not ${term(field, value)}` : term(field, value);
  const [before, pipes] = halves(query);
  const whole = (filter: string) => (pipes ? `${filter} ${pipes}` : filter);
  if (!before || before === '*') return whole(wanted);
  if (before.split(/\s+(?:and\s+)?/i).includes(term(field, value)) && !out) return whole(before);
  const bracketed = /\sor\s/i.test(before) && !/^\(.*\)$/.test(before) ? `(${before})` : before;
  return whole(`${bracketed} and ${wanted}`);
}

/** The words and values that a query looks for, to be marked in the lines. */
export function wanted(query: string): string[] {
  const found: string[] = [];
  query = halves(query)[0]; // what follows a pipe counts, it does not look for words
  for (const m of query.matchAll(/(not\s+)?(?:[\w@.-]+:(?:=|[<>]=?)?)?(?:"((?:[^"\\]|\\.)*)"|([^\s()"|]+))/gi)) {
    if (m[1]) continue;
    const word = (m[2]?.replace(/\\(.)/g, '$1') ?? m[3] ?? '').replace(/^\*+|\*+$/g, '');
    if (word.length > 1 && !/^(and|or|not)$/i.test(word)) found.push(word);
  }
  return [...new Set(found)];
}

export interface Typing {
  before: string;
  field: string | null;
  word: string;
  pipe?: 'name' | 'rest';
}

/** What stands before the cursor: the field (when a colon came) and the beginning of a word; within the
 * pipes, whether it is a pipe's name or what follows it. */
export function typing(query: string): Typing {
  const [, pipes] = halves(query);
  if (pipes) {
    const m = /(\|\s*)?([\w@.-]*)$/.exec(query)!;
    return { before: query.slice(0, query.length - m[2]!.length), field: null, word: m[2]!, pipe: m[1] ? 'name' : 'rest' };
  }
  const m = /^(.*?)(?:([\w@.-]+):=?)?("?[^\s()"]*)$/s.exec(query);
  return { before: m?.[1] ?? query, field: m?.[2] ?? null, word: (m?.[3] ?? '').replace(/^"/, '') };
}

export interface Piece {
  text: string;
  mark: boolean;
}

/** Cuts a line into pieces, the wanted words marked; case does not matter. */
export function marked(line: string, words: string[]): Piece[] {
  if (words.length === 0) return [{ text: line, mark: false }];
  const pattern = new RegExp(
    [...words].sort((a, b) => b.length - a.length).map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'),
    'giu',
  );
  const pieces: Piece[] = [];
  let at = 0;
  for (const m of line.matchAll(pattern)) {
    if (m.index > at) pieces.push({ text: line.slice(at, m.index), mark: false });
    pieces.push({ text: m[0], mark: true });
    at = m.index + m[0].length;
  }
  if (at < line.length) pieces.push({ text: line.slice(at), mark: false });
  return pieces;
}

/** The ranges offered, in minutes. */
export const RANGES = [15, 60, 360, 1440, 10080, 43200] as const;
