// The incident's events as a signed package: evidence that can be checked without this server.
import DownloadOutlined from '@ant-design/icons/es/icons/DownloadOutlined';
import { useQueryClient } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { useState } from 'react';
import { Problem, fetchFile, type Schemas } from '../../api/client';
import { useSession } from '../../app/session';
import { download } from '../../parts/export';
import { Panel, Trouble } from '../../parts/page';
import { useText } from '../../text';

export function Package({ incident }: { incident: Schemas['Incident'] }) {
  const { t } = useText();
  const { role } = useSession();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  if (role !== 'lead' && role !== 'responder' && role !== 'agency') return null;
  const take = async () => {
    setBusy(true);
    setProblem(null);
    try {
      download(`haidang-${incident.number}.zip`, await fetchFile(`/incidents/${incident.id}/package`, { reason: reason.trim() }));
      setReason('');
      await queries.invalidateQueries();
    } catch (failure) {
      setProblem(failure instanceof Problem ? failure : new Problem(0, 'no_answer', ''));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel title={t('package.title')}>
      {problem && <Trouble error={problem} />}
      <p className="quiet">{t('package.about')}</p>
      <label htmlFor="package-reason">{t('package.reason')}</label>
      <Input id="package-reason" maxLength={2000} value={reason} onChange={(e) => setReason(e.target.value)} />
      <div className="form-row">
        <Button icon={<DownloadOutlined />} loading={busy} disabled={reason.trim() === ''} onClick={() => void take()}>
          {t('package.take')}
        </Button>
      </div>
    </Panel>
  );
}
