import MoonOutlined from '@ant-design/icons/es/icons/MoonOutlined';
import SunOutlined from '@ant-design/icons/es/icons/SunOutlined';
import { Button } from 'antd';
import { useQueryClient } from '@tanstack/react-query';
import { call } from '../api/client';
import { useText, type Language } from '../text';
import { useMode } from './mode';
import { useSessionState } from './session';

/** Vietnamese or English; the server's sentences follow. */
export function LanguageSwitch() {
  const { language, choose, t } = useText();
  const { state, enter } = useSessionState();
  const queries = useQueryClient();
  const pick = (next: Language) => {
    choose(next);
    if (state.at !== 'in' || state.session.language === next) return;
    enter({ ...state.session, language: next });
    call('PATCH', '/session', { body: { language: next } })
      .then(() => queries.invalidateQueries())
      .catch(() => undefined);
  };
  return (
    <div className="switch" role="group" aria-label={t('switch.language')}>
      {(['vi', 'en'] as const).map((l) => (
        <button key={l} type="button" lang={l} aria-pressed={language === l} onClick={() => pick(l)} aria-label={`${l.toUpperCase()}: ${t(`switch.${l}`)}`}>
          {l.toUpperCase()}
        </button>
      ))}
    </div>
  );
}

export function ModeSwitch() {
  const { mode, turn } = useMode();
  const { t } = useText();
  const label = mode === 'dark' ? t('switch.light') : t('switch.dark');
  return <Button type="text" aria-label={label} title={label} icon={mode === 'dark' ? <SunOutlined /> : <MoonOutlined />} onClick={turn} />;
}
