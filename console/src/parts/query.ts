// The query line as text: adding a filter, the words to mark, the word being typed.

/** A value as the query language takes it: bare when it is plain, else quoted. Signs that mean
 * something to the language (* ? / < > = ..) are always quoted. */
export function quoted(value: string): string {
  const plain = /^[\p{L}\p{N}_][\p{L}\p{N}_.@-]*$/u.test(value) && !value.includes('..') && !/^(and|or|not)$/i.test(value);
  return plain ? value : `"${value.replace(/(["\\])/g, '\\$1')}"`;
}

/** Keys of the register are whole already; of an event's field, exactly this value is meant. */
const KEYS = new Set(['agency', 'system', 'source', 'decoder', 'product', 'category', 'service']);
const term = (field: string, value: string) => `${field}:${KEYS.has(field) ? '' : '='}${quoted(value)}`;

/** Adds `field:value` (or its opposite); a query with `or` at its top is put in brackets first. */
export function withFilter(query: string, field: string, value: string, out: boolean): string {
  const wanted = out ? `not ${term(field, value)}` : term(field, value);
  const before = query.trim();
  if (!before) return wanted;
  if (before.split(/\s+(?:and\s+)?/i).includes(term(field, value)) && !out) return before;
  const bracketed = /\sor\s/i.test(before) && !/^\(.*\)$/.test(before) ? `(${before})` : before;
  return `${bracketed} and ${wanted}`;
}

/** The words and values that a query looks for, to be marked in the lines. */
export function wanted(query: string): string[] {
  const found: string[] = [];
  query = query.split('|')[0]!; // what follows a pipe counts, it does not look for words
  for (const m of query.matchAll(/(not\s+)?(?:[\w@.-]+:(?:=|[<>]=?)?)?(?:"((?:[^"\\]|\\.)*)"|([^\s()"|]+))/gi)) {
    if (m[1]) continue;
    const word = (m[2]?.replace(/\\(.)/g, '$1') ?? m[3] ?? '').replace(/^\*+|\*+$/g, '');
    if (word.length > 1 && !/^(and|or|not)$/i.test(word)) found.push(word);
  }
  return [...new Set(found)];
}

/** What stands before the cursor: the field (when a colon came) and the beginning of a word. */
export function typing(query: string): { before: string; field: string | null; word: string } {
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
