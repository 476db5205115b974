// The rules in force with what they raised, switched off and on, one of them opened or tried over the
// archive; below, what detection lost and what people excepted.
import { Button, Input } from 'antd';
import { useState } from 'react';
import { useSession } from '../../app/session';
import { useChange, useGet, useList, type Schemas } from '../../api/client';
import { useAddress } from '../../parts/address';
import { List, type Column } from '../../parts/list';
import { Empty, Page, Panel, Shown, Trouble } from '../../parts/page';
import { When } from '../../parts/time';
import { Losses } from '../../parts/losses';
import { useText } from '../../text';
import { Backtest } from './Backtest';
import { RulePanel } from './Rule';

type Rule = Schemas['RuleSummary'];
type Exception = Schemas['Exception'];

export default function Rules() {
  const { t, number } = useText();
  const { role } = useSession();
  const { get, set } = useAddress();
  const list = useList('/rules', { words: get('words'), limit: 100 });
  const enable = useChange('post', '/rules/{rule}/enable');
  const keeper = role === 'lead' || role === 'admin';
  const columns: Column<Rule>[] = [
    {
      name: 'rules.title',
      head: true,
      cell: (r) => (
        <button type="button" className="link-button" onClick={() => set({ rule: r.id, try: undefined })}>
          {r.title}
        </button>
      ),
    },
    { name: 'rules.level', cell: (r) => t(`level.${r.level}`) },
    { name: 'rules.source', cell: (r) => [r.product, r.category, r.service].filter(Boolean).join(' / ') || '–' },
    { name: 'rules.author', cell: (r) => [r.author, r.license].filter(Boolean).join(' · ') || '–' },
    {
      name: 'rules.alerts',
      cell: (r) => (
        <>
          {number(r.alerts)}
          {r.false_positive > 0 && <span className="quiet"> · {t('rules.false', { n: number(r.false_positive) })}</span>}
          {r.throttled > 0 && <strong> · {t('rules.throttled', { n: number(r.throttled) })}</strong>}
        </>
      ),
    },
    { name: 'rules.state', cell: (r) => (r.disabled ? t('rules.disabled', { reason: r.disabled.reason }) : t('rules.enabled')) },
    {
      name: 'users.change',
      cell: (r) =>
        !keeper ? (
          <span className="quiet">–</span>
        ) : r.enabled ? (
          <Disable rule={r.id} />
        ) : (
          <Button size="small" onClick={() => enable.mutate({ path: { rule: r.id } })}>
            {t('rules.enable')}
          </Button>
        ),
    },
  ];
  return (
    <Page
      title={t('place.rules')}
      sub={list.first && t('rules.sub', { n: number(list.first.total), days: number(list.first.days) })}
      tools={
        <>
          <Button onClick={() => set({ try: get('try') === undefined ? 'new' : undefined, rule: undefined })} aria-expanded={get('try') !== undefined}>
            {t('backtest.title')}
          </Button>
          <Input.Search aria-label={t('rules.words')} placeholder={t('rules.words')} defaultValue={get('words') ?? ''} style={{ width: 260 }} allowClear onSearch={(words) => set({ words })} />
        </>
      }
    >
      {get('try') !== undefined && <Backtest from={get('try') === 'new' ? undefined : get('try')} close={() => set({ try: undefined })} />}
      {get('rule') !== undefined && <RulePanel key={get('rule')} id={get('rule')!} keeper={keeper} close={() => set({ rule: undefined })} tryIt={() => set({ try: get('rule'), rule: undefined })} />}
      <Panel>
        {enable.error && <Trouble error={enable.error} />}
        <Shown of={{ data: list.data, error: list.error, isPending: list.isPending, refetch: list.refetch }}>
          {() => (
            <List label={t('place.rules')} columns={columns} rows={list.items} rowKey={(r) => r.id} total={list.first?.total} more={list.hasNextPage ? () => void list.fetchNextPage() : undefined} busy={list.isFetchingNextPage} empty={<Empty>{t('list.none_such')}</Empty>} />
          )}
        </Shown>
      </Panel>
      {list.first && (
        <Panel title={t('losses.title')}>
          <Losses of={list.first.detection} />
        </Panel>
      )}
      <Exceptions />
    </Page>
  );
}

function Disable({ rule }: { rule: string }) {
  const { t } = useText();
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const disable = useChange('post', '/rules/{rule}/disable');
  if (!open)
    return (
      <Button size="small" onClick={() => setOpen(true)}>
        {t('rules.disable')}
      </Button>
    );
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        if (reason.trim().length >= 3) disable.mutate({ path: { rule }, body: { reason: reason.trim() } }, { onSuccess: () => setOpen(false) });
      }}
    >
      {disable.error && <Trouble error={disable.error} />}
      <Input size="small" autoFocus aria-label={t('rules.why')} placeholder={t('rules.why')} value={reason} maxLength={2000} onChange={(e) => setReason(e.target.value)} />
      <Button size="small" htmlType="submit" disabled={reason.trim().length < 3} loading={disable.isPending}>
        {t('rules.disable')}
      </Button>
    </form>
  );
}

function Exceptions() {
  const { t, number } = useText();
  const exceptions = useGet('/exceptions', {});
  const end = useChange('post', '/exceptions/{exception}/end');
  const columns: Column<Exception>[] = [
    { name: 'rules.title', head: true, cell: (x) => x.title || x.rule },
    { name: 'rules.where', cell: (x) => <span className="mono">{[x.conditions, x.agency?.short, x.system, x.source].filter(Boolean).join(' · ')}</span> },
    { name: 'rules.reason', cell: (x) => `${x.reason} · ${x.by}` },
    {
      name: 'rules.until',
      cell: (x) => (
        <>
          {x.until && <When time={x.until} />} · {t(`rules.${x.state}`)}
        </>
      ),
    },
    { name: 'rules.silenced', cell: (x) => number(x.silenced) },
    {
      name: 'users.change',
      cell: (x) =>
        x.state === 'in_force' ? (
          <Button size="small" onClick={() => end.mutate({ path: { exception: x.id } })}>
            {t('rules.end')}
          </Button>
        ) : (
          <span className="quiet">–</span>
        ),
    },
  ];
  return (
    <Panel title={t('rules.exceptions')}>
      {end.error && <Trouble error={end.error} />}
      <Shown of={exceptions}>
        {(data) => <List label={t('rules.exceptions')} columns={columns} rows={data.items} rowKey={(x) => String(x.id)} total={data.total} empty={<Empty>{t('rules.exceptions_none')}</Empty>} />}
      </Shown>
    </Panel>
  );
}
