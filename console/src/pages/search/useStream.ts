// One search as it runs: what has come so far, and how to stop it.
import { useCallback, useEffect, useRef, useState } from 'react';
import { Problem, streamLines, type Schemas, type StreamLine } from '../../api/client';

export interface Asked {
  query: string;
  from: string;
  to: string;
  agency?: string;
  source?: string;
}

type Of<K extends keyof StreamLine> = NonNullable<StreamLine[K]>;
export interface Found {
  head?: Of<'head'>;
  events: Schemas['Event'][];
  columns: string[];
  rows: Of<'row'>[];
  histogram?: Of<'histogram'>;
  fields?: Of<'fields'>;
  progress?: Of<'progress'>;
  foot?: Of<'foot'>;
  total: number | null;
  error: Problem | null;
  running: boolean;
  stopped: boolean; // by the one who asked
}

const NOTHING: Found = { events: [], columns: [], rows: [], total: null, error: null, running: false, stopped: false };
const PAGE = 200;
const BUCKETS = 72;
const VALUES = 5;
const DRAW = 80; // ms between two pictures of what came

/** What came, added to what was there. */
function grown(found: Found, lines: StreamLine[]): Found {
  const next = { ...found };
  const events: Schemas['Event'][] = [];
  const rows: Of<'row'>[] = [];
  for (const line of lines) {
    if (line.event) events.push(line.event);
    else if (line.row) rows.push(line.row);
    else if (line.columns) next.columns = line.columns;
    else if (line.histogram) next.histogram = line.histogram;
    else if (line.fields) next.fields = line.fields;
    else if (line.progress) next.progress = line.progress;
    else if (line.head) next.head = line.head;
    else if (line.foot) {
      next.foot = line.foot;
      next.total ??= line.foot.total;
    }
  }
  if (events.length) next.events = [...found.events, ...events];
  if (rows.length) next.rows = [...found.rows, ...rows];
  return next;
}

export function useStream(asked: Asked) {
  const [found, setFound] = useState<Found>({ ...NOTHING, running: true });
  const running = useRef<AbortController | null>(null);
  const timer = useRef<number | undefined>(undefined);

  /** Runs it from `base` on; what was shown before stays until the first line comes. */
  const run = useCallback((query: object, base: Found) => {
    running.current?.abort();
    window.clearTimeout(timer.current);
    const own = new AbortController();
    running.current = own;
    let waiting: StreamLine[] = [];
    let now: Found = { ...base, running: true };
    const draw = () => {
      window.clearTimeout(timer.current);
      timer.current = undefined;
      now = grown(now, waiting);
      waiting = [];
      if (running.current === own) setFound(now);
    };
    const end = (error: Problem | null) => {
      now = { ...now, error, running: false };
      draw();
    };
    setFound((before) => ({ ...before, running: true, stopped: false, error: null }));
    streamLines('/events/stream', query, (lines) => {
      waiting.push(...lines);
      timer.current ??= window.setTimeout(draw, DRAW);
    }, own.signal).then(
      () => end(null),
      (failure: unknown) => {
        if (failure instanceof Problem) end(failure);
        else if (running.current === own) {
          now = { ...now, stopped: true };
          end(null);
        }
      },
    );
  }, []);

  const { query, from, to, agency, source } = asked;
  useEffect(() => {
    run({ query, from, to, agency, source, limit: PAGE, buckets: BUCKETS, values: VALUES }, NOTHING);
    return () => {
      running.current?.abort();
      running.current = null;
      window.clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [run, query, from, to, agency, source]);

  const more = () => found.foot?.next && run({ query, from, to, agency, source, limit: PAGE, cursor: found.foot.next }, { ...found, foot: undefined });
  const stop = () => running.current?.abort();
  return { found, more: found.foot?.next && !found.running ? () => void more() : undefined, stop };
}
