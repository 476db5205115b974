// Searches that are kept: open one, keep this one, share it with colleagues, drop it.
import DeleteOutlined from '@ant-design/icons/es/icons/DeleteOutlined';
import StarOutlined from '@ant-design/icons/es/icons/StarOutlined';
import { Button, Input } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useChange, useGet, type Schemas } from '../../api/client';
import { useSession } from '../../app/session';
import { Chip, Shown } from '../../parts/page';
import { useText } from '../../text';

type Search = Schemas['SavedSearch'];

interface Props {
  query: string;
  minutes: number;
  open: (search: Search) => void;
}

export function Saved({ query, minutes, open }: Props) {
  const { t, number } = useText();
  const [shown, setShown] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const list = useGet('/searches');
  useEffect(() => {
    if (!shown) return;
    const press = (e: KeyboardEvent) => {
      if (e.key !== 'Escape') return;
      e.preventDefault();
      setShown(false);
    };
    const click = (e: MouseEvent) => !box.current?.contains(e.target as Node) && setShown(false);
    window.addEventListener('keydown', press);
    window.addEventListener('mousedown', click);
    return () => {
      window.removeEventListener('keydown', press);
      window.removeEventListener('mousedown', click);
    };
  }, [shown]);
  const count = list.data?.items.length ?? 0;
  return (
    <div className="saved" ref={box}>
      <Button icon={<StarOutlined />} aria-expanded={shown} aria-haspopup="dialog" onClick={() => setShown(!shown)}>
        {t('search.saved')} {count > 0 && <span className="quiet">{number(count)}</span>}
      </Button>
      {shown && (
        <div className="panel saved-box" role="dialog" aria-label={t('search.saved')}>
          <Keep query={query} minutes={minutes} />
          <Shown of={list} lines={3}>
            {(saved) =>
              saved.items.length === 0 ? (
                <p className="quiet">{t('search.saved_none')}</p>
              ) : (
                <ul>
                  {saved.items.map((s) => (
                    <One
                      key={s.id}
                      search={s}
                      open={() => {
                        setShown(false);
                        open(s);
                      }}
                    />
                  ))}
                </ul>
              )
            }
          </Shown>
        </div>
      )}
    </div>
  );
}

function One({ search, open }: { search: Search; open: () => void }) {
  const { t, span } = useText();
  const drop = useChange('delete', '/searches/{search}');
  const change = useChange('patch', '/searches/{search}');
  const path = { search: search.id };
  return (
    <li>
      <button type="button" className="saved-open" onClick={open}>
        <strong>{search.name}</strong>
        <code>{search.query || '*'}</code>
        <span className="quiet">
          {t('search.last', { span: span(search.minutes * 60) })}
          {!search.mine && ` · ${t('search.saved_by', { who: search.owner })}`}
        </span>
      </button>
      {search.mine && (
        <span className="saved-tools">
          <Chip on={search.shared} onClick={() => change.mutate({ path, body: { shared: !search.shared } })}>
            {t('search.saved_shared')}
          </Chip>
          <Button type="text" size="small" danger icon={<DeleteOutlined />} aria-label={t('search.saved_drop', { name: search.name })} title={t('search.saved_drop', { name: search.name })} loading={drop.isPending} onClick={() => drop.mutate({ path })} />
        </span>
      )}
    </li>
  );
}

function Keep({ query, minutes }: { query: string; minutes: number }) {
  const { t } = useText();
  const { role } = useSession();
  const [name, setName] = useState('');
  const [shared, setShared] = useState(false);
  const save = useChange('post', '/searches');
  return (
    <form
      className="saved-keep"
      onSubmit={(e) => {
        e.preventDefault();
        if (name.trim()) save.mutate({ body: { name: name.trim(), query, minutes, shared } }, { onSuccess: () => setName('') });
      }}
    >
      <label htmlFor="saved-name">{t('search.saved_keep')}</label>
      <div className="saved-row">
        <Input id="saved-name" autoFocus value={name} maxLength={100} placeholder={t('search.saved_name')} status={save.error ? 'error' : undefined} onChange={(e) => setName(e.target.value)} />
        <Button type="primary" htmlType="submit" loading={save.isPending} disabled={!name.trim()}>
          {t('search.saved_save')}
        </Button>
      </div>
      <Chip on={shared} onClick={() => setShared(!shared)}>
        {t(role === 'agency' ? 'search.saved_share_agency' : 'search.saved_share_all')}
      </Chip>
      {save.error && <p className="field-error">{save.error.message}</p>}
    </form>
  );
}
