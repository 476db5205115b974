// What comes in a chunk of its own, fetched when it is first shown.
import { useEffect, useState, type ComponentType } from 'react';
import type { ChartProps } from './Chart';

/**
 * A component that is fetched, and until then `Waiting` with the same properties. It is shown in the moment
 * it is there: React's own `lazy` holds back what follows a fallback for 300 ms, at every first opening.
 * What cannot be fetched is thrown to the nearest guard.
 */
export function later<P extends object>(load: () => Promise<{ default: ComponentType<P> }>, Waiting: ComponentType<P>): ComponentType<P> {
  let fetched: ComponentType<P> | undefined;
  return function Later(props: P) {
    const [Part, show] = useState(() => fetched);
    const [failure, fail] = useState<unknown>();
    useEffect(() => {
      if (Part) return;
      load().then((chunk) => {
        fetched = chunk.default;
        show(() => chunk.default);
      }, fail);
    }, [Part]);
    if (failure) throw failure;
    return Part ? <Part {...props} /> : <Waiting {...props} />;
  };
}

/** One chart; its library is large. */
export const Chart = later<ChartProps>(
  () => import('./Chart'),
  ({ height }) => <div style={{ height }} aria-busy="true" />,
);
