// The plan matrix: obligations by clause, agencies by kind, each cell a standing; a click opens
// the evidence beside it.
import DownloadOutlined from '@ant-design/icons/es/icons/DownloadOutlined';
import { Button, Select } from 'antd';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useSession } from '../../app/session';
import { useGet, type Schemas } from '../../api/client';
import { address, useAddress } from '../../parts/address';
import { csv, save } from '../../parts/export';
import { Sign, standings, type StandingName } from '../../parts/marks';
import { Chip, Empty, Page, Shown } from '../../parts/page';
import { useText } from '../../text';
import { Evidence } from './Evidence';
import { Grid } from './Grid';
import { MyColumn } from './MyColumn';
import { Year } from './Year';
import { narrowed } from './narrow';

const PHONE = '(max-width: 760px)';

function usePhone(): boolean {
  const [phone, setPhone] = useState(() => window.matchMedia(PHONE).matches);
  useEffect(() => {
    const media = window.matchMedia(PHONE);
    const hear = () => setPhone(media.matches);
    media.addEventListener('change', hear);
    return () => media.removeEventListener('change', hear);
  }, []);
  return phone;
}

export default function MatrixPage() {
  const { t, number } = useText();
  const { get, set } = useAddress();
  const session = useSession();
  const phone = usePhone();
  const plan = useGet('/plan');
  const period = get('period');
  const at = get('at');
  const matrix = useGet('/plan/matrix', { query: { period, at } });
  const standing = get('standing') as StandingName | undefined;
  const clause = get('clause');
  const kind = get('kind');
  const cell = get('cell');
  const [obligation, agency] = (cell ?? '').split('~') as [string, string | undefined];
  const data = matrix.data;
  const shown = useMemo(() => (data ? narrowed(data, { standing, clause, kind }) : null), [data, standing, clause, kind]);
  const row = data?.rows.find((r) => r.obligation === obligation);
  const open = useCallback((o: string, a: string) => set({ cell: `${o}~${a}` }), [set]);
  const close = useCallback(() => {
    set({ cell: null });
    document.querySelector<HTMLElement>('td[tabindex="0"]')?.focus();
  }, [set]);
  useEffect(() => {
    if (!cell) return;
    const press = (e: KeyboardEvent) => e.key === 'Escape' && close();
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [cell, close]);

  const clauses = useMemo(() => {
    const seen = new Map<string, string>();
    for (const r of data?.rows ?? []) seen.set(r.clause, r.clause_title);
    return [...seen];
  }, [data]);
  const kinds = useMemo(() => {
    const seen = new Map<string, string>();
    for (const c of data?.columns ?? []) seen.set(c.kind, c.kind_title);
    return [...seen];
  }, [data]);

  const exportCsv = (m: Schemas['Matrix']) =>
    save(
      `ma-tran-${m.period.id}.csv`,
      csv([
        ['', '', '', ...m.columns.map((c) => c.agency.name)],
        ...m.rows.map((r, i) => [r.clause, r.title, r.period, ...m.columns.map((_, j) => (m.cells[i]?.[j] ? t(`standing.${m.cells[i]![j]!.standing}`) : ''))]),
      ]),
    );

  return (
    <Page
      title={t('matrix.title')}
      className={cell ? 'matrix-page with-drawer' : 'matrix-page'}
      sub={
        plan.data && shown && t('matrix.sub', { number: plan.data.number, rows: shown.rows.length, columns: shown.columns.length })
      }
      tools={
        data && (
          <>
            <Chip on={!standing} onClick={() => set({ standing: null })}>
              {t('matrix.all')}
            </Chip>
            {standings
              .filter((s) => (data.counts[s] > 0 && s !== 'met' && s !== 'exempt') || s === standing)
              .map((s) => (
                <Chip key={s} on={standing === s} onClick={() => set({ standing: standing === s ? null : s })}>
                  <Sign standing={s} /> {t(`standing.${s}`)} {number(data.counts[s])}
                </Chip>
              ))}
            <Select aria-label={t('plan.clause')} value={clause ?? ''} style={{ width: 118 }} onChange={(c: string) => set({ clause: c })} popupMatchSelectWidth={false}
              options={[{ value: '', label: t('matrix.all_clauses') }, ...clauses.map(([id, title]) => ({ value: id, label: `${id} ${title}` }))]} />
            {session.role !== 'agency' && (
              <Select aria-label={t('matrix.kind')} value={kind ?? ''} style={{ width: 118 }} onChange={(k: string) => set({ kind: k })} popupMatchSelectWidth={false}
                options={[{ value: '', label: t('matrix.all_kinds') }, ...kinds.map(([id, title]) => ({ value: id, label: title }))]} />
            )}
            <Select aria-label={t('plan.period')} value={data.period.id} style={{ width: 156 }} onChange={(p: string) => set({ period: p, at: null })} popupMatchSelectWidth={false}
              options={(plan.data?.periods ?? [data.period]).map((p) => ({ value: p.id, label: p.label }))} />
            <Button icon={<DownloadOutlined />} onClick={() => shown && exportCsv(shown)}>
              {t('common.export')}
            </Button>
          </>
        )
      }
    >
      <Shown of={matrix} lines={14}>
        {(m) =>
          shown === null || m.rows.length === 0 || m.columns.length === 0 ? (
            <Empty>{t('matrix.none')}</Empty>
          ) : (
            <div className="matrix-split">
              <section className="panel matrix-panel" aria-label={t('matrix.title')}>
                {m.notes.map((note) => (
                  <p key={note} className="notice">{note}</p>
                ))}
                {phone ? (
                  <MyColumn matrix={shown} agency={get('column') ?? session.agency?.id} choose={(a) => set({ column: a })} open={open} />
                ) : shown.rows.length === 0 || shown.columns.length === 0 ? (
                  <Empty>
                    <p>{t('matrix.filtered')}</p>
                    <Button onClick={() => set({ standing: null, clause: null, kind: null })}>{t('matrix.unfilter')}</Button>
                  </Empty>
                ) : (
                  <Grid matrix={shown} only={standing} chosen={cell} open={open} />
                )}
                <Legend regime={plan.data?.regime} />
                {plan.data && <Year period={m.period} at={at} first={plan.data.first_day} choose={(day) => set({ at: day })} />}
              </section>
              {cell && agency && (
                <Evidence
                  key={`${cell} ${row?.period ?? period}`}
                  obligation={obligation}
                  agency={agency}
                  period={row?.period ?? period}
                  at={at}
                  close={close}
                  link={address('/plan', { period: row?.period ?? data?.period.id, cell, at })}
                />
              )}
            </div>
          )
        }
      </Shown>
    </Page>
  );
}

function Legend({ regime }: { regime?: Schemas['Plan']['regime'] }) {
  const { t } = useText();
  return (
    <ul className="legend" aria-label={t('matrix.legend')}>
      {standings.map((s) => (
        <li key={s}>
          <Sign standing={s} /> {t(`standing.${s}`)}
        </li>
      ))}
      <li>
        <Sign standing="met" /> {t('basis.measured')}
      </li>
      <li>
        <Sign standing="met" basis="verified" /> {t('basis.verified')}
      </li>
      <li>
        <Sign standing="met" basis="declared" /> {t('basis.declared')}
      </li>
      {regime?.superseded_by && (
        <li className="superseded" title={regime.title}>
          {t('matrix.superseded', { by: regime.superseded_by })}
        </li>
      )}
    </ul>
  );
}
