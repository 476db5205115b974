// Who is logged in, and what their role may open.
import { useQueryClient } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { Problem, call, setCsrf, type Schemas } from '../api/client';
import { useText } from '../text';

export type Session = Schemas['Session'];
export type Role = Schemas['Role'];

type State = { at: 'asking' } | { at: 'out'; ended: boolean } | { at: 'dead' } | { at: 'in'; session: Session };
interface Value {
  state: State;
  enter: (session: Session) => void;
  leave: () => Promise<void>;
  expire: () => void;
  ask: () => void;
}

// The cookie is not for scripts to see; this note says that there was one, so that a stranger is not
// asked for and answered with an error.
const NOTE = 'haidang.session';

const SessionContext = createContext<Value | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<State>({ at: 'asking' });
  const { choose } = useText();
  const queries = useQueryClient();

  const enter = useCallback(
    (session: Session) => {
      localStorage.setItem(NOTE, '1');
      setCsrf(session.csrf);
      choose(session.language);
      setState({ at: 'in', session });
    },
    [choose],
  );
  const ask = useCallback(() => {
    if (!localStorage.getItem(NOTE)) {
      setState({ at: 'out', ended: false });
      return;
    }
    setState({ at: 'asking' });
    call('GET', '/session', {})
      .then((session) => enter(session as Session))
      .catch((problem: Problem) => {
        if (problem.status === 401) localStorage.removeItem(NOTE);
        setState(problem.status === 401 ? { at: 'out', ended: true } : { at: 'dead' });
      });
  }, [enter]);
  useEffect(ask, [ask]);

  const value = useMemo<Value>(
    () => ({
      state,
      enter,
      ask,
      expire: () => setState((s) => (s.at === 'in' ? { at: 'out', ended: true } : s)),
      leave: async () => {
        await call('DELETE', '/session', {}).catch(() => undefined);
        localStorage.removeItem(NOTE);
        queries.clear();
        setCsrf('');
        setState({ at: 'out', ended: false });
      },
    }),
    [state, enter, ask, queries],
  );
  return <SessionContext.Provider value={value}>{children}</SessionContext.Provider>;
}

export function useSessionState(): Value {
  const value = useContext(SessionContext);
  if (!value) throw new Error('outside of SessionProvider');
  return value;
}

export function useSession(): Session {
  const { state } = useSessionState();
  if (state.at !== 'in') throw new Error('no session');
  return state.session;
}
