import { Button, Input } from 'antd';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { Problem, call } from '../api/client';
import { Lighthouse } from '../parts/Lighthouse';
import { useText } from '../text';
import { LanguageSwitch } from './Switches';
import { useSessionState, type Session } from './session';

/** The door. After a session has ended the address stays, so that the same page opens again. */
export function Login({ ended }: { ended: boolean }) {
  const { t } = useText();
  const { enter } = useSessionState();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const alert = useRef<HTMLParagraphElement>(null);

  useEffect(() => {
    document.title = `${t('login.title')} · Hải Đăng`;
  }, [t]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    call('POST', '/session', { body: { name: name.trim(), password } })
      .then((session) => enter(session as Session))
      .catch((p: Problem) => {
        setProblem(p);
        setBusy(false);
        setTimeout(() => alert.current?.focus());
      });
  };

  return (
    <main className="door">
      <form className="door-card" onSubmit={submit}>
        <div className="door-mark">
          <Lighthouse size={34} />
          <span>Hải Đăng</span>
        </div>
        <h1>{t('login.title')}</h1>
        {ended && <p className="notice">{t('login.ended')}</p>}
        {problem && (
          <p className="notice notice-bad" role="alert" tabIndex={-1} ref={alert}>
            {problem.status === 0 ? t('trouble.dead_more') : problem.message}
            {problem.hint && <span> {problem.hint}</span>}
          </p>
        )}
        <label htmlFor="login-name">{t('login.name')}</label>
        <Input id="login-name" size="large" autoFocus autoComplete="username" value={name} onChange={(e) => setName(e.target.value)} required />
        <label htmlFor="login-password">{t('login.password')}</label>
        <Input.Password
          id="login-password"
          size="large"
          autoComplete="current-password"
          value={password}
          onChange={(e) => setPassword(e.target.value)}
          required
        />
        <Button type="primary" htmlType="submit" size="large" block loading={busy}>
          {t('login.enter')}
        </Button>
        <div className="door-foot">
          <span className="quiet">{t('login.about')}</span>
          <LanguageSwitch />
        </div>
      </form>
    </main>
  );
}
