// Search: a query line, time range with histogram, field list, lines, and what was read.
import DownloadOutlined from '@ant-design/icons/es/icons/DownloadOutlined';
import { AutoComplete, Button, Input, Select } from 'antd';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useSession } from '../../app/session';
import { Problem, useGet, useList } from '../../api/client';
import { useAddress } from '../../parts/address';
import { csv, save } from '../../parts/export';
import { Chip, Empty, Page, Trouble } from '../../parts/page';
import { RANGES, quoted, typing, wanted, withFilter } from '../../parts/query';
import { useText } from '../../text';
import { fold, fromField, iso, localDay, toField } from '../../text/format';
import { Fields } from './Fields';
import { Foot } from './Foot';
import { Histogram } from './Histogram';
import { Results } from './Results';

const LIVE_SECONDS = 2;
const REOPEN = 120; // ms

export default function Search() {
  const { t, span } = useText();
  const { get, set } = useAddress();
  const { role } = useSession();
  const query = get('query') ?? '';
  const last = Number(get('last') ?? 0);
  const live = get('live') === '1';
  const agency = get('agency');
  const source = get('source');
  const fixed = get('from') !== undefined || get('to') !== undefined;

  const [draft, setDraft] = useState(query);
  useEffect(() => setDraft(query), [query]);

  // A moving range is fixed when it is asked for, so that lines, histogram and fields agree.
  const [asked, setAsked] = useState(() => Date.now());
  useEffect(() => {
    if (!live) return;
    const timer = window.setInterval(() => setAsked(Date.now()), LIVE_SECONDS * 1000);
    return () => window.clearInterval(timer);
  }, [live]);
  const minutes = last || 1440;
  const range = useMemo(
    () =>
      fixed && !live
        ? { from: get('from') ?? iso(new Date(get('to')!).getTime() - 86400_000), to: get('to') ?? iso(asked) }
        : { from: iso(asked - minutes * 60_000), to: iso(asked + 1000) },
    [fixed, live, get('from'), get('to'), asked, minutes],
  );

  const asking = { query, ...range, agency, source };
  const found = useList('/events', { ...asking, limit: 100 });
  const histogram = useGet('/events/histogram', { query: { ...asking, buckets: 72 } });
  const fields = useGet('/events/fields', { query: asking });
  const words = useMemo(() => wanted(query), [query]);

  const search = (next: string) => {
    setAsked(Date.now());
    set({ query: next.trim() }, false);
  };
  const filter = (field: string, value: string, out: boolean) => search(withFilter(query, field, value, out));

  const problem = found.error instanceof Problem ? found.error : null;
  const wrongQuery = problem?.status === 400 && problem.place?.startsWith('query');

  return (
    <Page title={t('place.search')} className="search-page">
      <div className="query-line">
        <QueryField draft={draft} setDraft={setDraft} search={search} fields={fields.data?.items ?? []} wrong={wrongQuery ? problem : null} />
        <Select
          aria-label={t('search.range')}
          value={fixed && !live ? 0 : minutes}
          style={{ minWidth: 150 }}
          onChange={(m: number) => {
            setAsked(Date.now());
            if (m > 0) set({ last: String(m), from: null, to: null }, false);
            else set({ from: range.from, to: range.to, last: null, live: null }, false);
          }}
          options={[...RANGES.map((m) => ({ value: m as number, label: t('search.last', { span: span(m * 60) }) })), { value: 0, label: t('search.between') }]}
        />
        <Button type="primary" onClick={() => search(draft)}>
          {t('search.go')}
        </Button>
        <Chip on={live} onClick={() => set({ live: live ? null : '1', from: null, to: null, last: live ? get('last') : '15' })}>
          <span className={live ? 'pulse' : 'pulse pulse-off'} aria-hidden="true" /> {t('search.live')}
        </Chip>
        <Button
          icon={<DownloadOutlined />}
          disabled={found.items.length === 0}
          onClick={() =>
            save(
              `su-kien-${localDay(Date.now())}.csv`,
              csv([
                ['time', 'received', 'agency', 'system', 'source', 'raw'],
                ...found.items.map((e) => [e.time, e.received, e.agency?.id, e.system?.id, e.source?.id, e.raw]),
              ]),
            )
          }
        >
          {t('common.export')}
        </Button>
      </div>
      {fixed && !live && (
        <div className="range-line">
          <label>
            {t('search.from')}{' '}
            <input type="datetime-local" value={toField(range.from)} onChange={(e) => fromField(e.target.value) && set({ from: fromField(e.target.value) })} />
          </label>
          <label>
            {t('search.to')}{' '}
            <input type="datetime-local" value={toField(range.to)} onChange={(e) => fromField(e.target.value) && set({ to: fromField(e.target.value) })} />
          </label>
        </div>
      )}
      {(agency || source) && (
        <div className="range-line">
          {agency && role !== 'agency' && <Chip on onClick={() => set({ agency: null })}>{t('search.only', { what: agency })} ✕</Chip>}
          {source && <Chip on onClick={() => set({ source: null })}>{t('search.only', { what: source })} ✕</Chip>}
        </div>
      )}
      {wrongQuery && <QueryTrouble query={query} problem={problem} />}
      {found.error && !wrongQuery && <Trouble error={found.error} retry={() => void found.refetch()} />}
      {!wrongQuery && (
        <>
          <Histogram
            data={histogram.data}
            onRange={(from, to) => set({ from, to, last: null, live: null }, false)}
          />
          <div className="search-columns">
            <Fields data={fields.data} onFilter={filter} />
            <div className="results-panel">
              {found.data === undefined ? (
                <div className="waiting" aria-busy="true" />
              ) : found.items.length === 0 ? (
                <Empty>
                  <p>{query ? t('search.nothing', { query }) : t('search.nothing_at_all')}</p>
                  <p>
                    {minutes < 43200 && !fixed && (
                      <Button onClick={() => set({ last: '43200' }, false)}>{t('search.widen')}</Button>
                    )}{' '}
                    {query && <Button onClick={() => search('')}>{t('search.clear')}</Button>}
                  </p>
                </Empty>
              ) : (
                <Results events={found.items} words={words} onFilter={filter} more={found.hasNextPage ? () => void found.fetchNextPage() : undefined} busy={found.isFetchingNextPage} />
              )}
            </div>
          </div>
          {found.last && <Foot shown={found.items.length} total={found.first?.total ?? null} foot={found.last.foot} more={found.hasNextPage} />}
        </>
      )}
    </Page>
  );
}

/** Says what is wrong in a query and points at the column. */
function QueryTrouble({ query, problem }: { query: string; problem: Problem }) {
  const column = Number(/query:(?:1:)?(\d+)/.exec(problem.place ?? '')?.[1] ?? 0);
  return (
    <div className="trouble" role="alert">
      <strong>{problem.message}</strong>
      {column > 0 && (
        <pre>
          {query}
          {'\n'}
          {' '.repeat(column - 1)}^
        </pre>
      )}
      {problem.hint && <p className="quiet">{problem.hint}</p>}
    </div>
  );
}

interface FieldProps {
  draft: string;
  setDraft: (text: string) => void;
  search: (query: string) => void;
  fields: { field: string; values: { value: string; label: string | null }[] }[];
  wrong: Problem | null;
}

/** The query line, completing fields and their values. */
function QueryField({ draft, setDraft, search, fields, wrong }: FieldProps) {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  const chosen = useRef(false);
  const { before, field, word } = typing(draft);
  const options = useMemo(() => {
    const start = fold(word);
    if (field)
      return (fields.find((f) => f.field === field)?.values ?? [])
        .filter((v) => fold(v.value).startsWith(start))
        .map((v) => ({ value: `${before}${field}:${quoted(v.value)} `, label: v.label ? `${v.value} · ${v.label}` : v.value }));
    if (!word) return [];
    return fields.filter((f) => fold(f.field).startsWith(start)).slice(0, 12).map((f) => ({ value: `${before}${f.field}:`, label: f.field }));
  }, [before, field, word, fields]);
  return (
    <AutoComplete
      className="query-field"
      value={draft}
      options={options}
      open={open && options.length > 0}
      onOpenChange={setOpen}
      defaultActiveFirstOption={false}
      onChange={(text: string) => setDraft(text)}
      onSelect={(text: string) => {
        chosen.current = true;
        setTimeout(() => {
          chosen.current = false;
        });
        // The list closes after a choice; after a field its values follow.
        setTimeout(() => setOpen(text.endsWith(':')), REOPEN);
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
      <Input allowClear status={wrong ? 'error' : undefined} aria-label={t('search.query')} placeholder={t('search.example')} spellCheck={false} autoComplete="off" />
    </AutoComplete>
  );
}
