// Light or dark: what the person chose, else what their system prefers.
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { applyMode, type Mode } from '../look/theme';

const STORE = 'haidang.mode';
const ModeContext = createContext<{ mode: Mode; turn: () => void }>({ mode: 'light', turn: () => undefined });

function first(): Mode {
  const chosen = localStorage.getItem(STORE);
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return window.matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

export function ModeProvider({ children }: { children: (mode: Mode) => ReactNode }) {
  const [mode, setMode] = useState<Mode>(() => {
    const m = first();
    applyMode(m);
    return m;
  });
  useEffect(() => {
    // Paper is white: print always in the light palette.
    const before = () => applyMode('light');
    const after = () => applyMode(mode);
    window.addEventListener('beforeprint', before);
    window.addEventListener('afterprint', after);
    return () => {
      window.removeEventListener('beforeprint', before);
      window.removeEventListener('afterprint', after);
    };
  }, [mode]);
  const value = useMemo(
    () => ({
      mode,
      turn: () => {
        const next = mode === 'dark' ? 'light' : 'dark';
        localStorage.setItem(STORE, next);
        applyMode(next);
        setMode(next);
      },
    }),
    [mode],
  );
  return <ModeContext.Provider value={value}>{children(mode)}</ModeContext.Provider>;
}

export const useMode = () => useContext(ModeContext);
