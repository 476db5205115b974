// Ctrl K: everything that has a name, as one types; case and diacritics do not matter.
import { useMemo, useState, type KeyboardEvent } from 'react';
import { useNavigate } from 'react-router-dom';
import { useGet } from '../api/client';
import { address } from '../parts/address';
import { useText } from '../text';
import { fold } from '../text/format';
import { groupsOf, mayOpen } from './places';
import { useSession } from './session';

interface Found {
  to: string;
  title: string;
  kind: string;
  words: string;
}
const SHOWN = 12;

export default function Palette({ close }: { close: () => void }) {
  const { t } = useText();
  const { role } = useSession();
  const go = useNavigate();
  const [words, setWords] = useState('');
  const [at, setAt] = useState(0);

  const agencies = useGet('/agencies', { query: { limit: 1000 } });
  const systems = useGet('/systems', { query: { limit: 1000 } });
  const plan = useGet('/plan', {}, { enabled: mayOpen(role, '/plan') });
  const cases = useGet('/incidents', { query: { limit: 200 } }, { enabled: mayOpen(role, '/incidents') });

  const all = useMemo<Found[]>(() => {
    const places = t('palette.place');
    const found: Omit<Found, 'words'>[] = groupsOf(role).flatMap((g) => g.places.map((p) => ({ to: p.path, title: t(p.name), kind: places })));
    for (const a of agencies.data?.items ?? [])
      found.push({ to: `/agencies/${a.id}`, title: a.name, kind: `${t('palette.agency')} · ${[a.short, ...a.aliases].join(' · ')}` });
    for (const s of systems.data?.items ?? []) found.push({ to: `/systems/${s.id}`, title: s.name, kind: `${t('palette.system')} · ${s.agency.name}` });
    for (const o of plan.data?.obligations ?? [])
      found.push({ to: address('/plan', { clause: o.clause }), title: `${o.id} ${o.title}`, kind: t('palette.obligation') });
    for (const c of cases.data?.items ?? []) found.push({ to: `/incidents/${c.id}`, title: `${c.number} ${c.title}`, kind: t('palette.incident') });
    return found.map((f) => ({ ...f, words: fold(f.kind === places ? f.title : `${f.title} ${f.kind} ${f.to}`) }));
  }, [agencies.data, systems.data, plan.data, cases.data, role, t]);

  const hits = useMemo(() => {
    const wanted = fold(words).split(/\s+/).filter(Boolean);
    // What holds the words as typed, together, comes first.
    const whole = wanted.join(' ');
    const far = (f: Found) => (f.words.includes(whole) ? 0 : 1);
    const found = all
      .filter((f) => wanted.every((w) => f.words.includes(w)))
      .sort((a, b) => far(a) - far(b))
      .slice(0, SHOWN);
    if (words.trim() && mayOpen(role, '/search'))
      found.push({ to: address('/search', { query: words.trim() }), title: t('palette.logs', { words: words.trim() }), kind: t('place.search'), words: '' });
    return found;
  }, [all, words, role, t]);

  const open = (f: Found | undefined) => {
    if (!f) return;
    close();
    go(f.to);
  };
  const press = (e: KeyboardEvent) => {
    if (e.key === 'Escape') close();
    else if (e.key === 'ArrowDown') setAt((i) => Math.min(i + 1, hits.length - 1));
    else if (e.key === 'ArrowUp') setAt((i) => Math.max(i - 1, 0));
    else if (e.key === 'Enter') open(hits[at]);
    else if (e.key === 'Tab') e.preventDefault();
    else return;
    if (e.key.startsWith('Arrow') || e.key === 'Enter') e.preventDefault();
  };

  return (
    <div className="palette-ground" onMouseDown={(e) => e.target === e.currentTarget && close()}>
      <div className="palette" role="dialog" aria-modal="true" aria-label={t('shell.palette')} onKeyDown={press}>
        <input
          autoFocus
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-hits"
          aria-activedescendant={hits[at] ? `palette-${at}` : undefined}
          aria-label={t('shell.palette')}
          placeholder={t('shell.palette')}
          value={words}
          onChange={(e) => {
            setWords(e.target.value);
            setAt(0);
          }}
        />
        <ul id="palette-hits" role="listbox" aria-label={t('palette.hits')}>
          {hits.map((f, i) => (
            <li key={`${f.to}${i}`} id={`palette-${i}`} role="option" aria-selected={i === at} onMouseMove={() => setAt(i)} onClick={() => open(f)}>
              <span>{f.title}</span>
              <span className="quiet">{f.kind}</span>
            </li>
          ))}
        </ul>
        {hits.length === 0 && <p className="quiet palette-none">{t('palette.none')}</p>}
      </div>
    </div>
  );
}
