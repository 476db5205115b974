// Reports to take along.
import DownloadOutlined from '@ant-design/icons/es/icons/DownloadOutlined';
import { Button, Select } from 'antd';
import { useState } from 'react';
import { Problem, useGet, type Schemas } from '../../api/client';
import { address, useAddress } from '../../parts/address';
import { StandingCounts } from '../../parts/figures';
import { Page, Panel, Shown, Trouble } from '../../parts/page';
import { useText } from '../../text';

export default function Report() {
  const { t, exact, language } = useText();
  const { get, set } = useAddress();
  const plan = useGet('/plan');
  const period = get('period') ?? plan.data?.period;
  const matrix = useGet('/plan/matrix', { query: { period } }, { enabled: period !== undefined });
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);

  const take = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const answer = await fetch(address('/api/v1/reports/standing.docx', { period }), { headers: { 'Accept-Language': language } });
      if (!answer.ok) {
        const e = ((await answer.json().catch(() => null)) as Schemas['Error'] | null)?.error;
        throw new Problem(e ? answer.status : 0, e?.code ?? '', e?.sentence ?? '', e?.place, e?.hint);
      }
      const name = /filename="?([^";]+)"?/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? `bao-cao-${period}.docx`;
      const url = URL.createObjectURL(await answer.blob());
      const link = document.createElement('a');
      link.href = url;
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 1000);
    } catch (failure) {
      setProblem(failure instanceof Problem ? failure : new Problem(0, 'no_answer', ''));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Page title={t('place.report')} sub={plan.data && `${plan.data.number} · ${plan.data.title}`} className="narrow">
      <Panel title={t('report.standing')}>
        <p>{t('report.about')}</p>
        {problem && <Trouble error={problem} retry={() => void take()} />}
        <div className="form-row">
          <Select aria-label={t('plan.period')} value={period} style={{ width: 180 }} onChange={(p: string) => set({ period: p })} options={(plan.data?.periods ?? []).map((p) => ({ value: p.id, label: p.label }))} />
          <Button type="primary" icon={<DownloadOutlined />} loading={busy} disabled={!period} onClick={() => void take()}>
            {t('report.take')}
          </Button>
        </div>
        <Shown of={matrix} lines={2}>
          {(m) => (
            <>
              <p className="quiet report-holds">{t('report.holds', { period: m.period.label, from: exact(m.period.from), to: exact(m.period.to), rows: m.rows.length, columns: m.columns.length })}</p>
              <StandingCounts counts={m.counts} to={(s) => address('/plan', { period: m.period.id, standing: s })} />
            </>
          )}
        </Shown>
      </Panel>
    </Page>
  );
}
