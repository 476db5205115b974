// A back-test as it runs: what has come so far, and how to stop it.
import { useCallback, useEffect, useRef, useState } from 'react';
import { Problem, postLines, type Schemas } from '../../api/client';

type Line = Schemas['BacktestLine'];
type Of<K extends keyof Line> = NonNullable<Line[K]>;
export interface Tested {
  head?: Of<'head'>;
  days?: Schemas['BacktestDays'];
  read?: Schemas['BacktestRead'];
  examples: Of<'example'>[];
  done: boolean;
  running: boolean;
  stopped: boolean; // by the one who asked
  error: Problem | null;
}

const NOTHING: Tested = { examples: [], done: false, running: false, stopped: false, error: null };

function grown(before: Tested, lines: Line[]): Tested {
  const next = { ...before, examples: [...before.examples] };
  for (const line of lines) {
    if (line.head) next.head = line.head;
    else if (line.example) next.examples.push(line.example);
    else if (line.days) next.days = line.days;
    else if (line.progress) next.read = line.progress;
    else if (line.foot) {
      next.read = line.foot;
      next.done = true;
    }
  }
  return next;
}

export function useBacktest() {
  const [tested, setTested] = useState<Tested>(NOTHING);
  const running = useRef<AbortController | null>(null);
  const stop = useCallback(() => running.current?.abort(), []);
  useEffect(() => stop, [stop]);

  const run = useCallback((rule: string, days: number) => {
    running.current?.abort();
    const own = new AbortController();
    running.current = own;
    const change = (by: (before: Tested) => Tested) => running.current === own && setTested(by);
    setTested({ ...NOTHING, running: true });
    postLines<Line>('/rules/backtest', { rule, days }, (lines) => change((before) => grown(before, lines)), own.signal).then(
      () => change((before) => ({ ...before, running: false })),
      (failure: unknown) => change((before) => ({ ...before, running: false, stopped: !(failure instanceof Problem), error: failure instanceof Problem ? failure : null })),
    );
  }, []);
  return { tested, run, stop };
}
