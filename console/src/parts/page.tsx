// What every page is made of: head, panels, empty and broken states.
import CopyOutlined from '@ant-design/icons/es/icons/CopyOutlined';
import { Button, Skeleton } from 'antd';
import { useEffect, useState, type ReactNode } from 'react';
import { Link } from 'react-router-dom';
import { Problem } from '../api/client';
import { useText } from '../text';

export function Page({ title, sub, tools, children, className = '' }: {
  title: string;
  sub?: ReactNode;
  tools?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  useEffect(() => {
    document.title = `${title} · Hải Đăng`;
  }, [title]);
  return (
    <div className={`page ${className}`}>
      <header className="page-head">
        <h1>{title}</h1>
        {sub !== undefined && <p className="page-sub">{sub}</p>}
        {tools !== undefined && <div className="page-tools">{tools}</div>}
      </header>
      {children}
    </div>
  );
}

export function Panel({ title, more, children, className = '' }: { title?: ReactNode; more?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section className={`panel ${className}`}>
      {title !== undefined && (
        <header className="panel-head">
          <h2>{title}</h2>
          {more !== undefined && <div className="panel-more">{more}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** Nothing here, and what to do about it. */
export function Empty({ children, command }: { children: ReactNode; command?: string | null }) {
  return (
    <div className="empty">
      <div>{children}</div>
      {command && <Command text={command} />}
    </div>
  );
}

/** A line to be copied. */
export function Command({ text }: { text: string }) {
  const { t } = useText();
  const [copied, setCopied] = useState(false);
  return (
    <div className="command">
      <code tabIndex={0}>{text}</code>
      <Button
        size="small"
        icon={<CopyOutlined />}
        onClick={() => {
          void navigator.clipboard?.writeText(text).then(() => {
            setCopied(true);
            window.setTimeout(() => setCopied(false), 1500);
          });
        }}
      >
        {copied ? t('common.copied') : t('common.copy')}
      </Button>
    </div>
  );
}

/** A failure in plain words. */
export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useText();
  const problem = error instanceof Problem ? error : new Problem(-1, 'console', String(error));
  const dead = problem.status === 0;
  const title = dead
    ? t('trouble.dead')
    : problem.status === 403
      ? t('trouble.denied')
      : problem.status === 404
        ? t('trouble.missing')
        : t('trouble.failed');
  return (
    <div className="trouble" role="alert">
      <strong>{title}</strong>
      <p>
        {dead ? t('trouble.dead_more') : problem.message}
        {problem.place && <span className="quiet"> ({problem.place})</span>}
      </p>
      {problem.hint && <p className="quiet">{problem.hint}</p>}
      <p className="trouble-ways">
        {retry && <Button onClick={retry}>{t('common.again')}</Button>}
        {!dead && (problem.status === 404 || problem.status === 403) && <Link to="/">{t('trouble.home')}</Link>}
      </p>
    </div>
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** Shows what was asked; while it is on its way a skeleton, and when it failed why. What is there
 * stays, even when asking again failed. */
export function Shown<T>({ of, children, lines = 6 }: { of: Asked<T>; children: (data: T) => ReactNode; lines?: number }) {
  if (of.data !== undefined)
    return (
      <>
        {of.error ? <Trouble error={of.error} retry={() => void of.refetch()} /> : null}
        {children(of.data)}
      </>
    );
  if (of.error) return <Trouble error={of.error} retry={() => void of.refetch()} />;
  return (
    <div className="waiting" aria-busy="true">
      <Skeleton active title={false} paragraph={{ rows: lines }} />
    </div>
  );
}

/** A choice that is on or off, in a row of such. */
export function Chip({ on, onClick, children }: { on: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" className={`chip${on ? ' chip-on' : ''}`} aria-pressed={on} onClick={onClick}>
      {children}
    </button>
  );
}
