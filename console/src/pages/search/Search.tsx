// Search: a query line, time range with histogram, field list, lines or a table, and what was read.
// Everything comes in one stream while the archive is read. Live is the same page with a switch.
import { Button, Select } from 'antd';
import { useCallback, useEffect, useMemo, useState } from 'react';
import type { Schemas } from '../../api/client';
import { useSession } from '../../app/session';
import { useAddress } from '../../parts/address';
import { Chip, Empty, Page, Trouble } from '../../parts/page';
import { RANGES, halves, wanted, withFilter } from '../../parts/query';
import { useText } from '../../text';
import { fromField, iso, toField } from '../../text/format';
import { Fields } from './Fields';
import { Foot, Progress } from './Foot';
import { Histogram } from './Histogram';
import { LiveBar } from './LiveBar';
import { QueryField, QueryTrouble } from './QueryField';
import { Results } from './Results';
import { Saved } from './Saved';
import { Table } from './Table';
import { ExportButtons, ShareButton } from './Tools';
import { useLive } from './useLive';
import { useStream } from './useStream';

const DAY = 86400_000;
const LIVE_MINUTES = '15';
const WIDEST = RANGES[RANGES.length - 1]!;

/** Counts of the lines that came live, in the buckets that the search began with; these move on. */
function movedOn(histogram: Schemas['Buckets'] | undefined, events: Schemas['Event'][]): Schemas['Buckets'] | undefined {
  if (!histogram || histogram.items.length === 0 || events.length === 0) return histogram;
  const width = histogram.bucket_seconds * 1000;
  const first = Date.parse(histogram.items[0]!.time);
  const items = histogram.items.map((b) => ({ ...b }));
  for (const e of events) {
    const at = Math.floor((Date.parse(e.time) - first) / width);
    if (at < 0 || at > items.length + 10_000) continue;
    while (items.length <= at) items.push({ time: iso(first + items.length * width), count: 0 });
    items[at]!.count++;
  }
  const shown = items.slice(-histogram.items.length);
  return { ...histogram, from: shown[0]!.time, to: iso(Date.parse(shown.at(-1)!.time) + width), items: shown, total: shown.reduce((sum, b) => sum + b.count, 0) };
}

/** Lines that both the search and the live tail gave stand there once. */
function together(live: Schemas['Event'][], found: Schemas['Event'][]): Schemas['Event'][] {
  if (live.length === 0) return found;
  const seen = new Set(live.map((e) => e.id));
  return [...live, ...found.filter((e) => !seen.has(e.id))];
}

export default function Search() {
  const { t, span } = useText();
  const { get, set } = useAddress();
  const { role } = useSession();
  const query = get('query') ?? '';
  const last = Number(get('last') ?? 0);
  const live = get('live') === '1';
  const agency = get('agency');
  const source = get('source');
  const fixed = !live && (get('from') !== undefined || get('to') !== undefined);

  const [draft, setDraft] = useState(query);
  useEffect(() => setDraft(query), [query]);

  // A moving range is fixed when it is asked for, so that lines, histogram and fields agree.
  const [now, setNow] = useState(() => Date.now());
  const minutes = last || 1440;
  const ranges: number[] = (RANGES as readonly number[]).includes(minutes) ? [...RANGES] : [...RANGES, minutes].sort((a, b) => a - b);
  const from = fixed ? (get('from') ?? iso(Date.parse(get('to')!) - DAY)) : iso(now - minutes * 60_000);
  const to = fixed ? (get('to') ?? iso(now)) : iso(now + 1000);
  const asked = useMemo(() => ({ query, from, to, agency, source }), [query, from, to, agency, source]);
  const { found, more, stop } = useStream(asked);
  const [paused, setPaused] = useState(false);
  const { live: tail, release } = useLive(live && !found.head?.table, { query, agency, source }, paused);

  const words = useMemo(() => wanted(query), [query]);
  const events = useMemo(() => together(tail.events, found.events), [tail.events, found.events]);
  const histogram = useMemo(() => movedOn(found.histogram, tail.events.filter((e) => e.time >= (found.histogram?.from ?? ''))), [found.histogram, tail.events]);

  const search = useCallback(
    (next: string) => {
      setNow(Date.now());
      set({ query: next.trim() }, false);
    },
    [set],
  );
  const filter = useCallback((field: string, value: string, out: boolean) => search(withFilter(query, field, value, out)), [search, query]);

  useEffect(() => {
    if (!found.running) return;
    const press = (e: KeyboardEvent) => e.key === 'Escape' && !e.defaultPrevented && stop();
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [found.running, stop]);

  const wrongQuery = found.error?.status === 400 && found.error.place?.startsWith('query') ? found.error : null;
  const table = found.head?.table ?? false;
  const busy = found.running && found.head === undefined;
  const none = !found.running && (table ? found.rows.length === 0 : events.length === 0);

  return (
    <Page title={t('place.search')} className="search-page">
      <div className="query-line">
        <QueryField draft={draft} setDraft={setDraft} search={search} fields={found.fields?.items ?? []} wrong={wrongQuery} />
        <Select
          aria-label={t('search.range')}
          value={fixed ? 0 : minutes}
          style={{ minWidth: 150 }}
          onChange={(m: number) => {
            setNow(Date.now());
            if (m > 0) set({ last: String(m), from: null, to: null }, false);
            else set({ from, to, last: null, live: null }, false);
          }}
          options={[...ranges.map((m) => ({ value: m, label: t('search.last', { span: span(m * 60) }) })), { value: 0, label: t('search.between') }]}
        />
        <Button type="primary" onClick={() => search(draft)}>
          {t('search.go')}
        </Button>
        <Chip
          on={live}
          onClick={() => {
            setNow(Date.now());
            set({ live: live ? null : '1', from: null, to: null, last: live ? get('last') : LIVE_MINUTES });
          }}
        >
          <span className={live ? 'pulse' : 'pulse pulse-off'} aria-hidden="true" /> {t('search.live')}
        </Chip>
      </div>
      {wrongQuery && <QueryTrouble query={query} problem={wrongQuery} />}
      {fixed && (
        <div className="range-line">
          <label>
            {t('search.from')}{' '}
            <input type="datetime-local" value={toField(from)} onChange={(e) => fromField(e.target.value) && set({ from: fromField(e.target.value) })} />
          </label>
          <label>
            {t('search.to')}{' '}
            <input type="datetime-local" value={toField(to)} onChange={(e) => fromField(e.target.value) && set({ to: fromField(e.target.value) })} />
          </label>
        </div>
      )}
      {!wrongQuery && (
        <div className="search-tools">
          {agency && role !== 'agency' && <Chip on onClick={() => set({ agency: null })}>{t('search.only', { what: agency })} ✕</Chip>}
          {source && <Chip on onClick={() => set({ source: null })}>{t('search.only', { what: source })} ✕</Chip>}
          <span className="spring" />
          <Saved
            query={query}
            minutes={fixed ? Math.max(1, Math.round((Date.parse(to) - Date.parse(from)) / 60_000)) : minutes}
            open={(s) => {
              setNow(Date.now());
              set({ query: s.query, last: String(s.minutes), from: null, to: null, live: null }, false);
            }}
          />
          <ShareButton asked={asked} />
          <ExportButtons asked={asked} disabled={none} />
        </div>
      )}
      {found.error && !wrongQuery && <Trouble error={found.error} retry={() => setNow(Date.now())} />}
      {found.running && <Progress asked={asked} progress={found.progress} stop={stop} />}
      {!wrongQuery && (
        <>
          {(histogram || found.running) && <Histogram data={histogram} onRange={(a, b) => set({ from: a, to: b, last: null, live: null }, false)} />}
          <div className={`search-columns${table ? ' search-table' : ''}`}>
            {!table && <Fields data={found.fields} onFilter={filter} />}
            <div className="results-panel" aria-busy={busy}>
              {live && table && <p className="notice">{t('search.live_table')}</p>}
              {live && !table && <LiveBar tail={tail} paused={paused} setPaused={setPaused} release={release} />}
              {table && found.rows.length > 0 ? (
                <Table columns={found.columns} rows={found.rows} query={query} onFilter={(field, value) => search(withFilter(halves(query)[0], field, value, false))} />
              ) : none ? (
                <Empty>
                  <p>{query ? t('search.nothing', { query }) : t('search.nothing_at_all')}</p>
                  {!live && (
                    <p>
                      {minutes < WIDEST && !fixed && <Button onClick={() => set({ last: String(WIDEST) }, false)}>{t('search.widen')}</Button>}{' '}
                      {query && <Button onClick={() => search('')}>{t('search.clear')}</Button>}
                    </p>
                  )}
                </Empty>
              ) : (
                !table && <Results events={events} words={words} onFilter={filter} more={live ? undefined : more} busy={found.running} />
              )}
            </div>
          </div>
          {found.stopped && <p className="search-foot">{t('search.stopped')}</p>}
          {found.foot && !live && <Foot shown={table ? found.rows.length : found.events.length} total={found.total} table={table} foot={found.foot} more={found.foot.next !== null} asked={asked} />}
        </>
      )}
    </Page>
  );
}

