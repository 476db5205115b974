// The server does not answer at all: said in plain words, tried again by itself.
import { Button } from 'antd';
import { useEffect } from 'react';
import { useText } from '../text';
import { useSessionState } from './session';

export function Dead() {
  const { t } = useText();
  const { ask } = useSessionState();
  useEffect(() => {
    const timer = window.setTimeout(ask, 5000);
    return () => window.clearTimeout(timer);
  }, [ask]);
  return (
    <main className="door">
      <div className="door-card" role="alert">
        <h1>{t('trouble.dead')}</h1>
        <p>{t('trouble.dead_more')}</p>
        <Button onClick={ask}>{t('common.again')}</Button>
      </div>
    </main>
  );
}
