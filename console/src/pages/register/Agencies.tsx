// The agencies that have duties, as of today.
import { Input, Select } from 'antd';
import { useEffect, useState } from 'react';
import { Link } from 'react-router-dom';
import { useList, type Schemas } from '../../api/client';
import { useAddress } from '../../parts/address';
import { StandingBar, share } from '../../parts/figures';
import { ListPanel, type Column } from '../../parts/list';
import { Empty, Page } from '../../parts/page';
import { useText } from '../../text';

type Row = Schemas['AgencySummary'];
type Sort = 'order' | 'name' | '-name' | 'events';

/** A text that is sent on when the typing rests. */
export function useRested(value: string, rested: (v: string) => void): [string, (v: string) => void] {
  const [typed, setTyped] = useState(value);
  useEffect(() => {
    if (typed === value) return;
    const timer = window.setTimeout(() => rested(typed), 300);
    return () => window.clearTimeout(timer);
  }, [typed, value, rested]);
  return [typed, setTyped];
}

export default function Agencies() {
  const { t, number } = useText();
  const { get, set } = useAddress();
  const [words, setWords] = useRested(get('words') ?? '', (w) => set({ words: w }));
  const sort = (get('sort') as Sort | undefined) ?? 'order';
  const kind = get('kind');
  const list = useList('/agencies', { words: get('words'), kind, sort, limit: 200 });
  const kinds = new Map(list.items.map((a) => [a.kind, a.kind_title]));
  const columns: Column<Row>[] = [
    { name: 'field.agency', head: true, cell: (r) => <Link to={`/agencies/${r.id}`}>{r.name}</Link>, sort: { up: 'name', down: '-name' } },
    { name: 'agencies.kind', cell: (r) => r.kind_title },
    { name: 'agencies.code', cell: (r) => (r.codes.length > 0 ? r.codes.join(', ') : <span className="quiet">–</span>) },
    { name: 'place.systems', end: true, cell: (r) => number(r.systems) },
    {
      name: 'agencies.heard',
      end: true,
      cell: (r) => {
        const all = r.sources.heard + r.sources.silent + r.sources.never + r.sources.unknown;
        return all === 0 ? <span className="quiet">–</span> : `${number(r.sources.heard)}/${number(all)}`;
      },
    },
    {
      name: 'agencies.duties',
      width: '24%',
      cell: (r) => {
        const s = share(r.counts);
        return (
          <span className="with-bar">
            <StandingBar counts={r.counts} />
            <span className="figure">{s.judged > 0 ? `${s.met}/${s.judged}` : '–'}</span>
          </span>
        );
      },
    },
  ];
  return (
    <Page
      title={t('place.agencies')}
      sub={list.first && t('agencies.sub', { n: number(list.first.total) })}
      tools={
        <>
          <Input allowClear aria-label={t('common.find')} placeholder={t('agencies.find')} value={words} onChange={(e) => setWords(e.target.value)} style={{ width: 230 }} />
          {(kinds.size > 1 || kind) && (
            <Select aria-label={t('agencies.kind')} value={kind ?? ''} style={{ width: 180 }} onChange={(k: string) => set({ kind: k })} options={[{ value: '', label: t('matrix.all_kinds') }, ...[...kinds].map(([value, label]) => ({ value, label }))]} />
          )}
        </>
      }
    >
      <ListPanel
        list={list}
          label={t('place.agencies')}
          columns={columns}
          rowKey={(r) => r.id}
          sort={sort}
          onSort={(s) => set({ sort: s })}
          empty={<Empty command={get('words') || kind ? null : 'haidang import agencies agencies.csv'}>{get('words') || kind ? t('list.none_such') : t('agencies.none')}</Empty>}
      />
    </Page>
  );
}
