// The query line: completes fields, their values and pipes; says what is wrong and where.
import { AutoComplete, Input } from 'antd';
import { useMemo, useRef, useState } from 'react';
import type { Problem } from '../../api/client';
import { PIPES, quoted, typing } from '../../parts/query';
import { useText } from '../../text';
import { fold } from '../../text/format';

const NAMES = 12;

interface Props {
  draft: string;
  setDraft: (text: string) => void;
  search: (query: string) => void;
  fields: { field: string; values: { value: string; label: string | null }[] }[];
  wrong: Problem | null;
}

interface Option {
  value: string;
  label: string;
}

function completions(draft: string, fields: Props['fields']): Option[] {
  const { before, field, word, pipe } = typing(draft);
  const start = fold(word);
  if (pipe === 'name') return PIPES.filter((p) => p.startsWith(start)).map((p) => ({ value: `${before}${p} `, label: p }));
  if (field)
    return (fields.find((f) => f.field === field)?.values ?? [])
      .filter((v) => fold(v.value).startsWith(start))
      .map((v) => ({ value: `${before}${field}:${quoted(v.value)} `, label: v.label ? `${v.value} · ${v.label}` : v.value }));
  if (!word) return [];
  return fields
    .filter((f) => fold(f.field).startsWith(start))
    .slice(0, NAMES)
    .map((f) => ({ value: `${before}${f.field}${pipe ? ' ' : ':'}`, label: f.field }));
}

export function QueryField({ draft, setDraft, search, fields, wrong }: Props) {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  const chosen = useRef(false);
  const goesOn = useRef(false);
  const options = useMemo(() => completions(draft, fields), [draft, fields]);
  return (
    <AutoComplete
      className="query-field"
      value={draft}
      options={options}
      open={open && options.length > 0}
      onOpenChange={(wanted) => {
        // a choice closes the list; after a field it stays for its values
        setOpen(wanted || goesOn.current);
        goesOn.current = false;
      }}
      defaultActiveFirstOption={false}
      onChange={(text: string) => setDraft(text)}
      onSelect={(text: string) => {
        chosen.current = true;
        setTimeout(() => {
          chosen.current = false;
        });
        goesOn.current = text.endsWith(':');
      }}
      onInputKeyDown={(e) => {
        if (e.key === 'Enter')
          setTimeout(() => {
            if (!chosen.current) {
              setOpen(false);
              search(draft);
            }
          });
      }}
    >
      <Input allowClear status={wrong ? 'error' : undefined} aria-label={t('search.query')} aria-describedby={wrong ? 'query-wrong' : undefined} placeholder={t('search.example')} spellCheck={false} autoComplete="off" />
    </AutoComplete>
  );
}

/** What is wrong in a query, with a caret under the column. */
export function QueryTrouble({ query, problem }: { query: string; problem: Problem }) {
  const column = Number(/query:(?:1:)?(\d+)/.exec(problem.place ?? '')?.[1] ?? 0);
  const before = [...query].slice(0, Math.max(0, column - 1)).join('');
  return (
    <div className="trouble query-trouble" role="alert" id="query-wrong">
      {column > 0 && (
        <pre>
          {query}
          {'\n'}
          {before.replace(/[^\t]/g, ' ')}
          <b>^</b>
        </pre>
      )}
      <p>
        <strong>{problem.message}</strong> {problem.hint && <span className="quiet">{problem.hint}</span>}
      </p>
    </div>
  );
}
