// Threat indicators: whose feeds are in force, a feed taken after it was looked through, one looked up, and
// what is never alerted on.
import { Button, Input, InputNumber, Select } from 'antd';
import { useState, type FormEvent } from 'react';
import { useSession } from '../../app/session';
import { useChange, useGet, useList, type Schemas } from '../../api/client';
import { useAddress } from '../../parts/address';
import { List, type Column } from '../../parts/list';
import { Empty, Page, Panel, Shown, Trouble } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';

type Feed = Schemas['Feeds']['items'][number];
type Indicator = Schemas['Indicators']['items'][number];
type Allowed = Schemas['Allowed']['items'][number];
const TLPS: Schemas['Tlp'][] = ['clear', 'green', 'amber', 'amber+strict', 'red'];
const TYPES: Schemas['IndicatorType'][] = ['address', 'network', 'domain', 'url', 'email', 'md5', 'sha1', 'sha256'];
const FILE_MOST = 4_000_000;

export default function Indicators() {
  const { t, number } = useText();
  const { role } = useSession();
  const feeds = useGet('/indicators/feeds', {});
  const keeper = role === 'lead' || role === 'admin';
  const remove = useChange('delete', '/indicators/feeds/{feed}');
  const [sure, setSure] = useState<string | null>(null);
  const columns: Column<Feed>[] = [
    { name: 'indicators.feed', head: true, cell: (f) => f.source },
    { name: 'indicators.count', end: true, cell: (f) => number(f.count) },
    { name: 'indicators.format', cell: (f) => [f.format, f.file].filter(Boolean).join(' · ') || '–' },
    { name: 'indicators.left', cell: (f) => t('indicators.left_is', { skipped: number(f.skipped), refused: number(f.refused) }) },
    { name: 'indicators.license', cell: (f) => f.license ?? '–' },
    { name: 'indicators.imported', cell: (f) => (f.imported ? <><When time={f.imported} /> · {f.by}</> : '–') },
    {
      name: 'users.change',
      cell: (f) =>
        !keeper ? (
          <span className="quiet">–</span>
        ) : sure === f.source ? (
          <Button size="small" danger onClick={() => remove.mutate({ path: { feed: f.source } })} loading={remove.isPending}>
            {t('indicators.remove_sure', { n: number(f.count) })}
          </Button>
        ) : (
          <Button size="small" onClick={() => setSure(f.source)}>
            {t('indicators.remove')}
          </Button>
        ),
    },
  ];
  return (
    <Page title={t('place.indicators')} sub={feeds.data && [...feeds.data.types.map((c) => `${number(c.count)} ${t(`indicator.${c.type}`)}`), feeds.data.expired > 0 && t('indicators.expired', { n: number(feeds.data.expired) })].filter(Boolean).join(' · ')}>
      <div className="stack">
        <Panel title={t('indicators.feeds')}>
          {remove.error && <Trouble error={remove.error} />}
          <Shown of={feeds}>{(data) => <List label={t('indicators.feeds')} columns={columns} rows={data.items} rowKey={(f) => f.source} empty={<Empty>{t('indicators.none')}</Empty>} />}</Shown>
        </Panel>
        {keeper && <Upload />}
        <Lookup />
        <AllowList />
      </div>
    </Page>
  );
}

/** Looked through first; what was looked through is what is stored. */
function Upload() {
  const { t, number } = useText();
  const [source, setSource] = useState('');
  const [text, setText] = useState('');
  const [file, setFile] = useState<string>();
  const [confidence, setConfidence] = useState(50);
  const [tlp, setTlp] = useState<Schemas['Tlp']>('clear');
  const [days, setDays] = useState(0);
  const [license, setLicense] = useState('');
  const [large, setLarge] = useState(false);
  const preview = useChange('post', '/indicators/feeds');
  const store = useChange('post', '/indicators/feeds');
  const body = { source: source.trim(), text, file, license: license.trim(), confidence, tlp, days, add: false, preview: false };
  const changed = () => [preview, store].forEach((m) => m.reset());
  const take = async (chosen: File | undefined) => {
    changed();
    setLarge(!!chosen && chosen.size > FILE_MOST);
    if (!chosen || chosen.size > FILE_MOST) return;
    setText(await chosen.text());
    setFile(chosen.name);
  };
  const look = (e: FormEvent) => {
    e.preventDefault();
    store.reset();
    preview.mutate({ body: { ...body, preview: true } });
  };
  return (
    <Panel title={t('indicators.upload')}>
      <form className="inline-form" onSubmit={look}>
        <div className="form-row">
          <label htmlFor="feed-source">{t('indicators.source')}</label>
          <Input id="feed-source" style={{ width: 220 }} value={source} maxLength={100} onChange={(e) => [changed(), setSource(e.target.value)]} />
          <label htmlFor="feed-file">{t('indicators.file')}</label>
          <input id="feed-file" type="file" accept=".txt,.csv,.json,.list" onChange={(e) => void take(e.target.files?.[0])} />
        </div>
        {large && <p className="field-error">{t('indicators.large')}</p>}
        <label htmlFor="feed-text">{t('indicators.text')}</label>
        <Input.TextArea id="feed-text" className="mono" rows={4} spellCheck={false} value={text.length > 20_000 ? `${text.slice(0, 20_000)} …` : text} readOnly={text.length > 20_000} onChange={(e) => [changed(), setText(e.target.value), setFile(undefined)]} />
        <div className="form-row">
          <label htmlFor="feed-confidence">{t('indicators.confidence')}</label>
          <InputNumber id="feed-confidence" min={0} max={100} value={confidence} onChange={(n) => [changed(), setConfidence(n ?? 0)]} />
          <Select aria-label="TLP" value={tlp} style={{ width: 150 }} onChange={(v) => [changed(), setTlp(v)]} options={TLPS.map((v) => ({ value: v, label: `TLP:${v}` }))} />
          <label htmlFor="feed-days">{t('indicators.days')}</label>
          <InputNumber id="feed-days" min={0} max={3660} value={days} onChange={(n) => [changed(), setDays(n ?? 0)]} />
          <label htmlFor="feed-license">{t('indicators.license')}</label>
          <Input id="feed-license" style={{ width: 160 }} value={license} maxLength={200} onChange={(e) => [changed(), setLicense(e.target.value)]} />
        </div>
        <div className="form-row">
          <Button htmlType="submit" disabled={!source.trim() || !text.trim()} loading={preview.isPending}>
            {t('indicators.look')}
          </Button>
          <Button type="primary" disabled={!preview.data || preview.data.taken === 0} loading={store.isPending} onClick={() => store.mutate({ body })}>
            {t('indicators.store', { n: number(preview.data?.taken ?? 0) })}
          </Button>
        </div>
      </form>
      {(preview.error ?? store.error) && <Trouble error={preview.error ?? store.error} />}
      {store.data ? <p role="status">{t('indicators.stored', { n: number(store.data.taken), source: store.data.source })}</p> : preview.data && <Result of={preview.data} />}
    </Panel>
  );
}

function Result({ of }: { of: Schemas['FeedResult'] }) {
  const { t, number } = useText();
  return (
    <div role="status">
      <p>
        {t('indicators.result', { format: of.format, taken: number(of.taken), skipped: number(of.skipped), refused: number(of.refused) })} {of.types.map((c) => `${number(c.count)} ${t(`indicator.${c.type}`)}`).join(' · ')}
      </p>
      {of.faults.length > 0 && (
        <table className="why" aria-label={t('indicators.faults')}>
          <tbody>
            {of.faults.map((f) => (
              <tr key={f.place + f.sentence}>
                <td className="mono">{f.place}</td>
                <td className="field-error">{f.sentence}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function Lookup() {
  const { t, number } = useText();
  const { get, set } = useAddress();
  const type = get('type') as Schemas['IndicatorType'] | undefined;
  const list = useList('/indicators', { words: get('words'), type, limit: 100 });
  const columns: Column<Indicator>[] = [
    { name: 'indicators.value', head: true, cell: (i) => <span className="mono">{i.value}</span> },
    { name: 'indicators.type', cell: (i) => t(`indicator.${i.type}`) },
    { name: 'indicators.confidence', end: true, cell: (i) => number(i.confidence) },
    { name: 'indicators.tlp', cell: (i) => i.tlp },
    { name: 'indicators.valid', cell: (i) => (i.valid_until ? <When time={i.valid_until} /> : t('indicators.open')) },
    { name: 'indicators.feed', cell: (i) => i.source },
    { name: 'indicators.note', cell: (i) => i.note ?? '–' },
  ];
  return (
    <Panel
      title={t('indicators.list')}
      more={
        <span className="form-row">
          <Select aria-label={t('indicators.type')} allowClear placeholder={t('indicators.type')} value={type} style={{ width: 150 }} onChange={(v) => set({ type: v })} options={TYPES.map((v) => ({ value: v, label: t(`indicator.${v}`) }))} />
          <Input.Search aria-label={t('indicators.words')} placeholder={t('indicators.words')} defaultValue={get('words') ?? ''} style={{ width: 240 }} allowClear onSearch={(words) => set({ words })} />
        </span>
      }
    >
      <Shown of={{ data: list.data, error: list.error, isPending: list.isPending, refetch: list.refetch }}>
        {() => <List label={t('indicators.list')} columns={columns} rows={list.items} rowKey={(i) => `${i.source} ${i.type} ${i.value}`} more={list.hasNextPage ? () => void list.fetchNextPage() : undefined} busy={list.isFetchingNextPage} empty={<Empty>{t('list.none_such')}</Empty>} />}
      </Shown>
    </Panel>
  );
}

function AllowList() {
  const { t } = useText();
  const allowed = useGet('/indicators/allowed', {});
  const allow = useChange('post', '/indicators/allowed');
  const disallow = useChange('post', '/indicators/disallow');
  const [value, setValue] = useState('');
  const [reason, setReason] = useState('');
  const columns: Column<Allowed>[] = [
    { name: 'indicators.value', head: true, cell: (a) => <span className="mono">{a.value}</span> },
    { name: 'rules.reason', cell: (a) => `${a.reason} · ${a.by}` },
    { name: 'machine.since', cell: (a) => a.since && <When time={a.since} /> },
    {
      name: 'users.change',
      cell: (a) => (
        <Button size="small" onClick={() => disallow.mutate({ body: { value: a.value } })}>
          {t('indicators.disallow')}
        </Button>
      ),
    },
  ];
  return (
    <Panel title={t('indicators.allowed')}>
      <p className="quiet">{t('indicators.allowed_help')}</p>
      {(allow.error ?? disallow.error) && <Trouble error={allow.error ?? disallow.error} />}
      <Shown of={allowed}>{(data) => <List label={t('indicators.allowed')} columns={columns} rows={data.items} rowKey={(a) => a.value} empty={<Empty>{t('indicators.allowed_none')}</Empty>} />}</Shown>
      <form
        className="inline-form"
        onSubmit={(e) => {
          e.preventDefault();
          allow.mutate({ body: { value: value.trim(), reason: reason.trim() } }, { onSuccess: () => [setValue(''), setReason('')] });
        }}
      >
        <div className="form-row">
          <Input aria-label={t('indicators.value')} className="mono" placeholder=".example.vn, 10.0.0.0/8" style={{ width: 240 }} value={value} maxLength={2000} onChange={(e) => setValue(e.target.value)} />
          <Input aria-label={t('indicators.why')} placeholder={t('indicators.why')} style={{ width: 300 }} value={reason} maxLength={2000} onChange={(e) => setReason(e.target.value)} />
          <Button htmlType="submit" disabled={!value.trim() || reason.trim().length < 3} loading={allow.isPending}>
            {t('indicators.allow')}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
