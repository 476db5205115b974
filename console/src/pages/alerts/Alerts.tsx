// Triage: list left, detail right, and everything by keyboard.
import { Select } from 'antd';
import { useCallback, useEffect, useRef, useState } from 'react';
import { useNavigate, useParams } from 'react-router-dom';
import { useSession } from '../../app/session';
import { useGet, useList, type Schemas } from '../../api/client';
import { useAddress } from '../../parts/address';
import { AlertLine } from '../../parts/alerts';
import { levels } from '../../parts/marks';
import { Chip, Empty, Page, Shown, Trouble } from '../../parts/page';
import { useText } from '../../text';
import { iso } from '../../text/format';
import { Detail, type Panelled } from './Detail';
import { Help } from './Help';
import { useMoves, type Move } from './moves';

const shows = ['new', 'mine', 'taken', 'escalated', 'closed', 'false_positive', 'all'] as const;
type Show = (typeof shows)[number];
const filters: Record<Show, { state?: string; mine?: boolean }> = {
  new: { state: 'new' },
  mine: { state: 'taken', mine: true },
  taken: { state: 'taken' },
  escalated: { state: 'escalated' },
  closed: { state: 'closed' },
  false_positive: { state: 'false_positive' },
  all: {},
};

/** Keys belong to a field while somebody types in it. */
function typingIn(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export default function Alerts() {
  const { t, number } = useText();
  const { id } = useParams();
  const go = useNavigate();
  const { get, set, params } = useAddress();
  const { role } = useSession();
  const show = (shows as readonly string[]).includes(get('show') ?? '') ? (get('show') as Show) : 'new';
  const level = get('level') as Schemas['Level'] | undefined;
  const hours = Number(get('hours') ?? 0);
  const agency = get('agency');
  const [from] = useState(() => (hours > 0 ? iso(Date.now() - hours * 3600_000) : undefined));
  const since = hours > 0 ? (from ?? iso(Math.floor(Date.now() / 60_000) * 60_000 - hours * 3600_000)) : undefined;

  const list = useList(
    '/alerts',
    { ...filters[show], level, agency, source: get('source'), rule: get('rule'), from: since, sort: show === 'new' ? '-level' : '-last_time', limit: 100 },
    { every: 10_000 },
  );
  const alerts = list.items;
  const chosen = id ? Number(id) : undefined;
  const index = alerts.findIndex((a) => a.id === chosen);
  const detail = useGet('/alerts/{alert}', { path: { alert: chosen ?? 0 } }, { enabled: chosen !== undefined, keep: false });
  const agencies = useGet('/agencies', { query: { limit: 1000 } }, { enabled: role !== 'agency' });

  const [selected, setSelected] = useState<ReadonlySet<number>>(new Set());
  const [panel, setPanel] = useState<Panelled | null>(null);
  const [help, setHelp] = useState(false);
  const listBox = useRef<HTMLDivElement>(null);
  const detailBox = useRef<HTMLDivElement>(null);

  const query = params.toString();
  const open = useCallback((n: number) => go(`/alerts/${n}${query ? `?${query}` : ''}`, { replace: true }), [go, query]);
  useEffect(() => setPanel(null), [chosen]);
  useEffect(() => {
    listBox.current?.querySelector('[aria-current="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [chosen, index]);

  const targets = selected.size > 0 ? [...selected] : chosen !== undefined ? [chosen] : [];
  const { move, busy, error } = useMoves(() => {
    setPanel(null);
    setSelected(new Set());
  });
  const act = (m: Move) => {
    if (targets.length === 0) return;
    // The address is ahead of what is drawn when keys are fast: k, t must take where k went.
    const there = Number(/\/alerts\/(\d+)/.exec(window.location.pathname)?.[1] ?? chosen);
    const meant = selected.size > 0 ? targets : [there];
    if (m === 'false_positive' || m === 'close' || m === 'escalate') setPanel(m);
    else void move(m, meant);
  };

  useEffect(() => {
    const press = (e: KeyboardEvent) => {
      if (e.ctrlKey || e.metaKey || e.altKey) return;
      if (e.key === 'Escape') {
        if (help) setHelp(false);
        else if (panel) setPanel(null);
        else if (selected.size > 0) setSelected(new Set());
        return;
      }
      if (typingIn(e.target)) return;
      // While keys are faster than the list, the current row is where the last key went.
      const step = (by: number) => {
        const next = alerts[index < 0 ? 0 : Math.max(0, Math.min(alerts.length - 1, index + by))];
        if (next) open(next.id);
      };
      const keys: Record<string, () => void> = {
        j: () => step(1),
        ArrowDown: () => step(1),
        k: () => step(-1),
        ArrowUp: () => step(-1),
        Enter: () => {
          if (chosen === undefined && alerts[0]) open(alerts[0].id);
          detailBox.current?.focus();
        },
        t: () => act('take'),
        r: () => act('release'),
        c: () => act('close'),
        f: () => act('false_positive'),
        e: () => act('escalate'),
        x: () => {
          if (chosen === undefined) return;
          setSelected((before) => {
            const after = new Set(before);
            if (!after.delete(chosen)) after.add(chosen);
            return after;
          });
        },
        '?': () => setHelp((h) => !h),
      };
      const action = keys[e.key];
      if (!action) return;
      if (e.key === 'Enter' && e.target instanceof HTMLElement && /^(A|BUTTON|SUMMARY)$/.test(e.target.tagName) && !e.target.classList.contains('alert-line')) return;
      e.preventDefault();
      action();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  });

  const counts = list.first?.counts;
  const countOf = (s: Show) => (counts && s !== 'all' ? counts[s] : undefined);
  const named = (s: Show) => `${t(`alerts.show_${s}`)}${countOf(s) === undefined ? '' : ` ${number(countOf(s)!)}`}`;
  const change = (s: Show) => go(`/alerts?${new URLSearchParams({ ...Object.fromEntries(params), show: s })}`);
  return (
    <Page
      title={t('place.alerts')}
      className={`triage-page${chosen !== undefined ? ' with-detail' : ''}`}
      sub={list.first && t('alerts.sub', { n: number(list.first.total), matches: number(list.first.matches) })}
      tools={
        <>
          {shows.slice(0, 2).map((s) => (
            <Chip key={s} on={show === s} onClick={() => change(s)}>
              {named(s)}
            </Chip>
          ))}
          <Select
            aria-label={t('alerts.show_others')}
            value={show === 'new' || show === 'mine' ? null : show}
            placeholder={t('alerts.show_others')}
            style={{ width: 156 }}
            popupMatchSelectWidth={false}
            onChange={(s: Show) => change(s)}
            options={shows.slice(2).map((s) => ({ value: s, label: named(s) }))}
          />
          <Select
            aria-label={t('alerts.level')}
            value={level ?? ''}
            style={{ width: 138 }}
            onChange={(l: string) => set({ level: l })}
            options={[{ value: '', label: t('alerts.any_level') }, ...levels.slice(1).map((l) => ({ value: l as string, label: t('alerts.at_least', { level: t(`level.${l}`) }) }))]}
          />
          <Select
            aria-label={t('alerts.hours')}
            value={hours}
            style={{ width: 130 }}
            onChange={(h: number) => set({ hours: h ? String(h) : null })}
            options={[0, 1, 24, 168].map((h) => ({ value: h, label: h === 0 ? t('alerts.any_time') : t('alerts.hours_back', { n: h }) }))}
          />
          {role !== 'agency' && (
            <Select
              aria-label={t('field.agency')}
              value={agency ?? ''}
              style={{ width: 160 }}
              showSearch={{ optionFilterProp: 'label' }}
              onChange={(a: string) => set({ agency: a })}
              options={[{ value: '', label: t('common.all_agencies') }, ...(agencies.data?.items ?? []).map((a) => ({ value: a.id, label: a.short }))]}
            />
          )}
          <button type="button" className="keys" onClick={() => setHelp(true)} title={t('alerts.help')}>
            <kbd>j</kbd>
            <kbd>k</kbd> {t('keys.move')} <kbd>t</kbd> {t('keys.take')} <kbd>f</kbd> {t('keys.false_positive')} <kbd>e</kbd> {t('keys.escalate')} <kbd>?</kbd>
          </button>
        </>
      }
    >
      <div className="triage">
        <div className="triage-list panel" ref={listBox}>
          {selected.size > 0 && (
            <div className="selection" role="status">
              {t('alerts.selected_n', { n: selected.size })}{' '}
              <button type="button" onClick={() => setSelected(new Set(alerts.map((a) => a.id)))}>
                {t('alerts.select_all', { n: alerts.length })}
              </button>{' '}
              <button type="button" onClick={() => setSelected(new Set())}>
                {t('alerts.select_none')}
              </button>
            </div>
          )}
          <Shown of={{ data: list.data, error: list.error, isPending: list.isPending, refetch: list.refetch }}>
            {() =>
              alerts.length === 0 ? (
                <Empty>{show === 'new' ? t('alerts.none_new') : t('alerts.none')}</Empty>
              ) : (
                <>
                  {alerts.map((a) => (
                    <AlertLine key={a.id} alert={a} to={`/alerts/${a.id}${query ? `?${query}` : ''}`} chosen={a.id === chosen} marked={selected.size > 0 ? selected.has(a.id) : undefined} />
                  ))}
                  {list.hasNextPage && (
                    <div className="list-foot">
                      <button type="button" className="chip" onClick={() => void list.fetchNextPage()}>
                        {t('list.more')}
                      </button>
                    </div>
                  )}
                </>
              )
            }
          </Shown>
        </div>
        <div className="triage-detail panel" ref={detailBox} tabIndex={-1} aria-live="off">
          {error ? <Trouble error={error} /> : null}
          {chosen === undefined ? (
            <Empty>{alerts.length > 0 ? t('alerts.choose') : t('alerts.nothing_chosen')}</Empty>
          ) : (
            <Shown of={detail}>
              {(alert) => (
                <Detail
                  alert={alert}
                  targets={targets}
                  panel={panel}
                  busy={busy}
                  act={act}
                  close={() => setPanel(null)}
                  send={(m, body) => void move(m, targets, body)}
                  back={() => go(`/alerts${query ? `?${query}` : ''}`)}
                />
              )}
            </Shown>
          )}
        </div>
      </div>
      {help && <Help close={() => setHelp(false)} />}
    </Page>
  );
}
