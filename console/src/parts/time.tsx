// Times: relative, with the exact one on hover.
import { useEffect, useState } from 'react';
import { useText } from '../text';

const listeners = new Set<(now: number) => void>();
let timer: number | undefined;

/** The time, told anew every second to all who watch (one timer for the page). */
export function useNow(everySeconds = 15): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const hear = (t: number) => setNow((before) => (t - before >= everySeconds * 1000 - 500 ? t : before));
    listeners.add(hear);
    timer ??= window.setInterval(() => listeners.forEach((l) => l(Date.now())), 1000);
    return () => {
      listeners.delete(hear);
      if (listeners.size === 0) {
        window.clearInterval(timer);
        timer = undefined;
      }
    };
  }, [everySeconds]);
  return now;
}

export function When({ time }: { time: string | null | undefined }) {
  const { relative, exact } = useText();
  const now = useNow();
  if (!time) return <span className="quiet">–</span>;
  return (
    <time dateTime={time} title={exact(time)}>
      {relative(time, now)}
    </time>
  );
}
