// Events as they are stored. The connection is opened anew when it ends; what the list holds is bounded.
import { useEffect, useRef, useState } from 'react';
import { Problem, streamLines, type Schemas } from '../../api/client';

type Event = Schemas['Event'];
export const LIVE_MOST = 1000;
const AGAIN = [1000, 2000, 5000, 10_000]; // ms

export interface Live {
  events: Event[]; // newest first, as far as they are shown
  held: Event[]; // came while the list is paused
  leftOut: boolean; // more came at once than one look shows, or than the list holds
  state: 'off' | 'opening' | 'open' | 'lost';
  error: Problem | null;
}
const OFF: Live = { events: [], held: [], leftOut: false, state: 'off', error: null };

const joined = (fresh: Event[], old: Event[]) => [...fresh, ...old].slice(0, LIVE_MOST);

export function useLive(on: boolean, asked: { query: string; agency?: string; source?: string }, paused: boolean) {
  const [live, setLive] = useState(OFF);
  const pausing = useRef(paused);
  pausing.current = paused;
  const { query, agency, source } = asked;

  useEffect(() => {
    setLive(on ? { ...OFF, state: 'opening' } : OFF);
    if (!on) return;
    const own = new AbortController();
    let timer: number | undefined;
    let tries = 0;
    const open = () => {
      streamLines('/events/live', { query, agency, source }, (lines) => {
        tries = 0;
        const fresh = lines.flatMap((line) => line.event ?? []);
        const cut = lines.some((line) => line.left_out);
        setLive((before) => {
          const where = pausing.current ? 'held' : 'events';
          return {
            ...before,
            [where]: fresh.length ? joined(fresh, before[where]) : before[where],
            leftOut: before.leftOut || cut || before[where].length + fresh.length > LIVE_MOST,
            state: 'open',
            error: null,
          };
        });
      }, own.signal).then(lost, (failure: unknown) => {
        if (own.signal.aborted) return;
        if (failure instanceof Problem && failure.status >= 400 && failure.status < 500) setLive((before) => ({ ...before, state: 'lost', error: failure }));
        else lost(failure instanceof Problem && failure.status > 0 ? failure : null);
      });
    };
    const lost = (error: Problem | null | void) => {
      if (own.signal.aborted) return;
      setLive((before) => ({ ...before, state: 'lost', error: error ?? null }));
      timer = window.setTimeout(open, AGAIN[Math.min(tries++, AGAIN.length - 1)]);
    };
    open();
    return () => {
      own.abort();
      window.clearTimeout(timer);
    };
  }, [on, query, agency, source]);

  const release = () => setLive((before) => ({ ...before, events: joined(before.held, before.events), held: [] }));
  return { live, release };
}
