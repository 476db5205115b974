// Legal hold: the incident's events stay, however old they grow.
import { Button, Input } from 'antd';
import { useState } from 'react';
import { useSession } from '../../app/session';
import { useChange, type Schemas } from '../../api/client';
import { Panel, Trouble } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';

export function Hold({ incident }: { incident: Schemas['Incident'] }) {
  const { t } = useText();
  const { role } = useSession();
  const [reason, setReason] = useState('');
  const hold = useChange('post', '/incidents/{incident}/hold');
  const may = role === 'lead' || role === 'responder';
  if (!may && !incident.hold) return null;
  const send = (held: boolean) => hold.mutate({ path: { incident: incident.id }, body: { held, reason: reason.trim() || undefined } }, { onSuccess: () => setReason('') });
  return (
    <Panel title={t('hold.title')}>
      {hold.error && <Trouble error={hold.error} />}
      {incident.hold ? (
        <p>
          {t('hold.since')} <When time={incident.hold.since} /> · {incident.hold.by || t('common.system')} · {incident.hold.reason}
        </p>
      ) : (
        <p className="quiet">{t('hold.none')}</p>
      )}
      {may && (
        <>
          <label htmlFor="hold-reason">{t('hold.reason')}</label>
          <Input id="hold-reason" maxLength={2000} value={reason} onChange={(e) => setReason(e.target.value)} />
          <div className="form-row">
            <Button loading={hold.isPending} disabled={!incident.hold && reason.trim() === ''} onClick={() => send(!incident.hold)}>
              {t(incident.hold ? 'hold.release' : 'hold.set')}
            </Button>
          </div>
        </>
      )}
    </Panel>
  );
}
