import { useEffect, useRef } from 'react';
import { useText } from '../../text';

const keys = [
  ['j', 'keys.next'],
  ['k', 'keys.previous'],
  ['Enter', 'keys.open'],
  ['t', 'keys.take'],
  ['r', 'keys.release'],
  ['f', 'keys.false_positive'],
  ['c', 'keys.done'],
  ['e', 'keys.escalate'],
  ['x', 'keys.select'],
  ['Esc', 'keys.close'],
  ['?', 'keys.help'],
  ['Ctrl K', 'keys.palette'],
] as const;

export function Help({ close }: { close: () => void }) {
  const { t } = useText();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    box.current?.focus();
    return () => before?.focus();
  }, []);
  return (
    <div className="palette-ground" onMouseDown={(e) => e.target === e.currentTarget && close()}>
      <div className="palette help" role="dialog" aria-modal="true" aria-labelledby="help-title" tabIndex={-1} ref={box}>
        <h2 id="help-title">{t('alerts.help')}</h2>
        <dl>
          {keys.map(([key, name]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{t(name)}</dd>
            </div>
          ))}
        </dl>
      </div>
    </div>
  );
}
