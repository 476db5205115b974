// The frame: rail on the left (a bar at the bottom on a phone), top line with the palette.
import LogoutOutlined from '@ant-design/icons/es/icons/LogoutOutlined';
import SearchOutlined from '@ant-design/icons/es/icons/SearchOutlined';
import { Button } from 'antd';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Link, useLocation } from 'react-router-dom';
import { useGet } from '../api/client';
import { Lighthouse } from '../parts/Lighthouse';
import { later } from '../parts/later';
import { useNow } from '../parts/time';
import { useText } from '../text';
import { LanguageSwitch, ModeSwitch } from './Switches';
import { groupsOf, mayOpen, placeAt, type Group } from './places';
import { useSession, useSessionState } from './session';

const Palette = later(() => import('./Palette'), () => null);

/** What needs somebody: new alerts and open incidents, by address of the place. */
function useNeeds(): Record<string, number> {
  const { role } = useSession();
  const alerts = useGet('/alerts', { query: { state: 'new', limit: 1 } }, { enabled: mayOpen(role, '/alerts'), every: 30_000 });
  const cases = useGet('/incidents', { query: { state: 'open', limit: 1 } }, { enabled: mayOpen(role, '/incidents'), every: 30_000 });
  return { '/alerts': alerts.data?.total ?? 0, '/incidents': cases.data?.total ?? 0 };
}

function Badge({ count, name }: { count: number; name: string }) {
  const { number } = useText();
  if (count === 0) return null;
  return (
    <span className="badge" title={name}>
      {count > 999 ? '999+' : number(count)}
    </span>
  );
}

function Rail({ needs }: { needs: Record<string, number> }) {
  const { t } = useText();
  const session = useSession();
  const { pathname } = useLocation();
  const here = placeAt(pathname);
  return (
    <nav className="rail" aria-label={t('shell.places')}>
      <Link to="/" className="rail-mark">
        <Lighthouse />
        <span>Hải Đăng</span>
      </Link>
      <ul className="rail-groups">
        {groupsOf(session.role).map((g) => {
          const single = g.places.length === 1 && g.places[0]!.name === g.name;
          const within = g.places.some((p) => p.path === here?.path);
          const first = g.places[0]!;
          const hidden = within ? 0 : g.places.reduce((sum, p) => sum + (needs[p.path] ?? 0), 0);
          return (
            <li key={g.name} className={within ? 'within' : undefined}>
              <Link to={first.path} className="rail-group" aria-current={single && within ? 'page' : undefined} aria-expanded={single ? undefined : within}>
                {g.icon}
                <span>{t(g.name)}</span>
                <Badge count={single ? (needs[first.path] ?? 0) : hidden} name={t('shell.needs')} />
              </Link>
              {!single && within && (
                <ul>
                  {g.places.map((p) => (
                    <li key={p.path}>
                      <Link to={p.path} className="rail-place" aria-current={p.path === here?.path ? 'page' : undefined}>
                        <span>{t(p.name)}</span>
                        <Badge count={needs[p.path] ?? 0} name={t('shell.needs')} />
                      </Link>
                    </li>
                  ))}
                </ul>
              )}
            </li>
          );
        })}
      </ul>
      <div className="rail-foot">
        <div>
          <strong>{session.user.display_name}</strong>
          <span>
            {t(`role.${session.role}`)}
            {session.agency && ` · ${session.agency.short ?? session.agency.name}`}
          </span>
        </div>
        <Leave />
      </div>
    </nav>
  );
}

function Leave() {
  const { t } = useText();
  const { leave } = useSessionState();
  return <Button type="text" className="leave" aria-label={t('shell.leave')} title={t('shell.leave')} icon={<LogoutOutlined />} onClick={() => void leave()} />;
}

/** On a phone: five groups at the thumb, the places of the open one in a line above the page. */
function BottomBar({ needs }: { needs: Record<string, number> }) {
  const { t } = useText();
  const { role } = useSession();
  const { pathname } = useLocation();
  const here = placeAt(pathname);
  const groups = groupsOf(role);
  return (
    <nav className="bottom" aria-label={t('shell.places')}>
      {groups.map((g: Group) => {
        const within = g.places.some((p) => p.path === here?.path);
        return (
          <Link key={g.name} to={g.places[0]!.path} aria-current={within ? 'true' : undefined}>
            {g.icon}
            <span>{t(g.name)}</span>
            <Badge count={g.places.reduce((sum, p) => sum + (needs[p.path] ?? 0), 0)} name={t('shell.needs')} />
          </Link>
        );
      })}
    </nav>
  );
}

function Siblings() {
  const { t } = useText();
  const { role } = useSession();
  const { pathname } = useLocation();
  const here = placeAt(pathname);
  const group = groupsOf(role).find((g) => g.places.some((p) => p.path === here?.path));
  if (!group || group.places.length < 2) return null;
  return (
    <nav className="siblings" aria-label={t(group.name)}>
      {group.places.map((p) => (
        <Link key={p.path} to={p.path} aria-current={p.path === here?.path ? 'page' : undefined}>
          {t(p.name)}
        </Link>
      ))}
    </nav>
  );
}

function Clock() {
  const { weekday } = useText();
  const now = useNow(30);
  return <span className="top-clock">{weekday(new Date(now))}</span>;
}

export function Shell({ children }: { children: ReactNode }) {
  const { t } = useText();
  const needs = useNeeds();
  const session = useSession();
  const [palette, setPalette] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') {
        e.preventDefault();
        setPalette((open) => !open);
      }
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);

  return (
    <div className="shell">
      <a className="skip" href="#main">
        {t('shell.skip')}
      </a>
      <Rail needs={needs} />
      <header className="top">
        <Link to="/" className="top-mark">
          <Lighthouse />
          <span>Hải Đăng</span>
        </Link>
        <button ref={opener} type="button" className="top-search" onClick={() => setPalette(true)} aria-haspopup="dialog" aria-keyshortcuts="Control+K" aria-label={`${t('shell.palette')} Ctrl K`}>
          <SearchOutlined />
          <span>{t('shell.palette')}</span>
          <kbd>Ctrl K</kbd>
        </button>
        <span className="top-province">{session.province}</span>
        <Clock />
        <ModeSwitch />
        <LanguageSwitch />
        <span className="top-leave">
          <Leave />
        </span>
      </header>
      <main id="main" tabIndex={-1}>
        <Siblings />
        {children}
      </main>
      <BottomBar needs={needs} />
      {palette && (
        <Palette
          close={() => {
            setPalette(false);
            opener.current?.focus();
          }}
        />
      )}
    </div>
  );
}
