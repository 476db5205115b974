// Who can log in. A new user's first password is told once.
import { Button, Input, Popconfirm, Select } from 'antd';
import { useState, type FormEvent } from 'react';
import { useSession, type Role } from '../../app/session';
import { useChange, useGet, useList, type Schemas } from '../../api/client';
import { useAddress } from '../../parts/address';
import { List, type Column } from '../../parts/list';
import { Command, Empty, Page, Panel, Shown, Trouble } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';
import { fold } from '../../text/format';

type User = Schemas['User'];
const roles: readonly Role[] = ['lead', 'agency', 'responder', 'finance', 'police', 'assessor', 'leader', 'admin'];
const NAME = /^[a-z0-9][a-z0-9._-]{1,63}$/;

export default function Users() {
  const { t, number } = useText();
  const session = useSession();
  const { get, set } = useAddress();
  const role = get('role') as Role | undefined;
  const list = useList('/users', { role, limit: 100 });
  const change = useChange('patch', '/users/{user}');
  const columns: Column<User>[] = [
    { name: 'users.name', head: true, cell: (u) => u.name },
    { name: 'users.display_name', cell: (u) => u.display_name },
    { name: 'users.role', cell: (u) => t(`role.${u.role}`) },
    { name: 'field.agency', cell: (u) => u.agency?.short ?? u.agency?.name ?? <span className="quiet">–</span> },
    { name: 'users.last_login', cell: (u) => (u.last_login ? <When time={u.last_login} /> : <span className="quiet">{t('users.never')}</span>) },
    { name: 'users.state', cell: (u) => (u.disabled ? t('users.disabled') : t('users.enabled')) },
    {
      name: 'users.change',
      cell: (u) =>
        u.name === session.user.name ? (
          <span className="quiet">{t('users.yourself')}</span>
        ) : u.disabled ? (
          <Button size="small" onClick={() => change.mutate({ path: { user: u.name }, body: { disabled: false } })}>
            {t('users.enable')}
          </Button>
        ) : (
          <Popconfirm title={t('users.disable_ask', { name: u.display_name })} description={t('users.disable_more')} okText={t('users.disable')} cancelText={t('common.cancel')} onConfirm={() => change.mutate({ path: { user: u.name }, body: { disabled: true } })}>
            <Button size="small">{t('users.disable')}</Button>
          </Popconfirm>
        ),
    },
  ];
  return (
    <Page
      title={t('place.users')}
      sub={list.first && t('users.sub', { n: number(list.first.total) })}
      tools={<Select aria-label={t('users.role')} value={role ?? ''} style={{ width: 200 }} onChange={(r: string) => set({ role: r })} options={[{ value: '', label: t('users.any_role') }, ...roles.map((r) => ({ value: r as string, label: t(`role.${r}`) }))]} />}
    >
      <NewUser />
      <Panel>
        {change.error && <Trouble error={change.error} />}
        <Shown of={{ data: list.data, error: list.error, isPending: list.isPending, refetch: list.refetch }}>
          {() => (
            <List label={t('place.users')} columns={columns} rows={list.items} rowKey={(u) => u.name} total={list.first?.total} more={list.hasNextPage ? () => void list.fetchNextPage() : undefined} busy={list.isFetchingNextPage} empty={<Empty>{t('list.none_such')}</Empty>} />
          )}
        </Shown>
      </Panel>
    </Page>
  );
}

function NewUser() {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState('');
  const [display, setDisplay] = useState('');
  const [role, setRole] = useState<Role>('agency');
  const [agency, setAgency] = useState<string | undefined>();
  const agencies = useGet('/agencies', { query: { limit: 1000 } }, { enabled: open });
  const create = useChange('post', '/users');
  const bad = name !== '' && !NAME.test(name);
  const ready = NAME.test(name) && display.trim() !== '' && (role !== 'agency' || agency !== undefined);
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (!ready) return;
    create.mutate(
      { body: { name, display_name: display.trim(), role, agency: role === 'agency' ? agency : undefined } },
      {
        onSuccess: () => {
          setName('');
          setDisplay('');
        },
      },
    );
  };
  if (!open)
    return (
      <p>
        <Button type="primary" onClick={() => setOpen(true)}>
          {t('users.new')}
        </Button>
      </p>
    );
  return (
    <Panel title={t('users.new')}>
      <form className="form" onSubmit={submit}>
        {create.error && <Trouble error={create.error} />}
        {create.data && (
          <div className="notice" role="status">
            <p>{t('users.password_once', { name: create.data.user.name })}</p>
            <Command text={create.data.password} />
          </div>
        )}
        <label htmlFor="user-display">{t('users.display_name')}</label>
        <Input
          id="user-display"
          autoFocus
          value={display}
          maxLength={200}
          onChange={(e) => {
            setDisplay(e.target.value);
            const words = fold(e.target.value).replace(/[^a-z0-9 ]/g, '').split(/\s+/).filter(Boolean);
            const last = words.pop();
            if (last) setName(`${last}${words.map((w) => w[0]).join('')}`);
          }}
        />
        <label htmlFor="user-name">{t('users.name')}</label>
        <Input id="user-name" value={name} onChange={(e) => setName(e.target.value)} status={bad ? 'error' : undefined} aria-describedby="user-name-help" />
        <p id="user-name-help" className={bad ? 'field-error' : 'quiet'}>
          {t('users.name_help')}
        </p>
        <label htmlFor="user-role">{t('users.role')}</label>
        <Select id="user-role" value={role} onChange={setRole} options={roles.map((r) => ({ value: r, label: t(`role.${r}`) }))} />
        {role === 'agency' && (
          <>
            <label htmlFor="user-agency">{t('field.agency')}</label>
            <Select id="user-agency" value={agency} showSearch={{ optionFilterProp: 'label' }} onChange={setAgency} options={(agencies.data?.items ?? []).map((a) => ({ value: a.id, label: a.name }))} />
          </>
        )}
        <div className="form-row">
          <Button type="primary" htmlType="submit" disabled={!ready} loading={create.isPending}>
            {t('users.add')}
          </Button>
          <Button onClick={() => setOpen(false)}>{t('common.close')}</Button>
        </div>
      </form>
    </Panel>
  );
}
