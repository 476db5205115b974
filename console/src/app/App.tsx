// The console from the outside in: look, language, questions to the server, session, pages.
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { App as AntApp, ConfigProvider } from 'antd';
import enUS from 'antd/locale/en_US';
import viVN from 'antd/locale/vi_VN';
import { useEffect, useMemo, type ReactNode } from 'react';
import { BrowserRouter } from 'react-router-dom';
import { Problem } from '../api/client';
import { antTheme } from '../look/theme';
import { TextProvider, useText } from '../text';
import { Login } from './Login';
import { ModeProvider } from './mode';
import { Pages } from './Pages';
import { SessionProvider, useSessionState } from './session';
import { Dead } from './Dead';

const EXPIRED = 'haidang:expired';
const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof Problem && error.status === 401) window.dispatchEvent(new Event(EXPIRED));
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (times, error) => times < 1 && error instanceof Problem && error.status === 0,
      retryDelay: 800,
      refetchOnWindowFocus: true,
    },
  },
});

function Look({ children, mode }: { children: ReactNode; mode: 'light' | 'dark' }) {
  const { language } = useText();
  const theme = useMemo(() => antTheme(mode), [mode]);
  return (
    <ConfigProvider theme={theme} locale={language === 'vi' ? viVN : enUS} button={{ autoInsertSpace: false }} wave={{ disabled: true }}>
      <AntApp component={false}>{children}</AntApp>
    </ConfigProvider>
  );
}

function Door() {
  const { state, expire } = useSessionState();
  useEffect(() => {
    window.addEventListener(EXPIRED, expire);
    return () => window.removeEventListener(EXPIRED, expire);
  }, [expire]);
  if (state.at === 'asking') return null;
  if (state.at === 'dead') return <Dead />;
  if (state.at === 'out') return <Login ended={state.ended} />;
  return <Pages />;
}

export function App() {
  return (
    <TextProvider>
      <ModeProvider>
        {(mode) => (
          <Look mode={mode}>
            <QueryClientProvider client={queries}>
              <BrowserRouter future={{ v7_startTransition: true, v7_relativeSplatPath: true }}>
                <SessionProvider>
                  <Door />
                </SessionProvider>
              </BrowserRouter>
            </QueryClientProvider>
          </Look>
        )}
      </ModeProvider>
    </TextProvider>
  );
}
