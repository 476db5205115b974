// The moves of triage, over one alert or all that are selected.
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call, type Schemas } from '../../api/client';

export type Move = 'take' | 'release' | 'close' | 'false_positive' | 'escalate';

/** Carries out a move on each; stops at the first refusal and shows it. Several alerts that are
 * escalated together become one incident: the first opens it, the others join. */
export function useMoves(done: () => void) {
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const move = async (name: Move, alerts: number[], body?: object) => {
    setBusy(true);
    setError(null);
    try {
      let joined: number | null = null;
      for (const alert of alerts) {
        const sent = name === 'escalate' ? { ...body, ...(joined ? { incident: joined } : {}) } : body;
        const answer = (await call('POST', `/alerts/{alert}/${name}`, { params: { path: { alert } }, body: sent })) as Schemas['Alert'];
        joined ??= answer.incident;
      }
      done();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
      void queries.invalidateQueries();
    }
  };
  return { move, busy, error };
}
