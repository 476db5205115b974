// By which certificates a source may send; making its package (once), renewing, revoking.
import { Button, Input, Popconfirm, Select } from 'antd';
import { useState } from 'react';
import { useSession } from '../../app/session';
import { useChange, useGet, type Schemas } from '../../api/client';
import { Command, Panel, Shown, Trouble } from '../../parts/page';
import { When } from '../../parts/time';
import { useText } from '../../text';

type Certificate = Schemas['Certificate'];
const ENROLLERS = ['lead', 'agency', 'admin'];

/** Saves the bytes as a file of the browser: they are in the answer and nowhere else. */
function save(name: string, base64: string) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([bytes], { type: 'application/zip' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function Row({ c, may, revoked }: { c: Certificate; may: boolean; revoked: () => void }) {
  const { t } = useText();
  const [reason, setReason] = useState('');
  const revoke = useChange('post', '/certificates/{certificate}/revoke');
  const open = c.state === 'active' || c.state === 'ending' || c.state === 'future';
  return (
    <li>
      <strong>{t(`certificate.${c.state}`)}</strong> · {t('certificate.until')} <When time={c.to} />
      <span className="quiet">
        {' '}
        · {t(`certificate.by_${c.origin}`)}
        {c.made_by ? ` · ${c.made_by}` : ''} · <code title={c.sha256}>{c.sha256.slice(0, 16)}…</code>
        {c.revoked && ` · ${c.reason ?? ''}`}
      </span>{' '}
      {may && open && (
        <Popconfirm
          title={t('certificate.revoke_ask')}
          description={<Input aria-label={t('certificate.reason')} placeholder={t('certificate.reason')} value={reason} onChange={(e) => setReason(e.target.value)} />}
          okText={t('certificate.revoke')}
          cancelText={t('common.cancel')}
          okButtonProps={{ disabled: reason.trim().length < 3 }}
          onConfirm={() => revoke.mutate({ path: { certificate: c.sha256 }, body: { reason: reason.trim() } }, { onSuccess: revoked })}
        >
          <Button size="small">{t('certificate.revoke')}</Button>
        </Popconfirm>
      )}
      {revoke.error && <Trouble error={revoke.error} />}
    </li>
  );
}

function Maker({ source, made }: { source: string; made: () => void }) {
  const { t } = useText();
  const [way, setWay] = useState<'code' | 'key'>('code');
  const make = useChange('post', '/sources/{source}/enrolment');
  const done = make.data;
  return (
    <div className="stack">
      <div>
        <Select
          aria-label={t('certificate.way')}
          value={way}
          style={{ width: 400, maxWidth: '100%' }}
          onChange={(w) => setWay(w)}
          options={[
            { value: 'code', label: t('certificate.way_code') },
            { value: 'key', label: t('certificate.way_key') },
          ]}
        />{' '}
        <Button
          type="primary"
          loading={make.isPending}
          onClick={() =>
            make.mutate(
              { path: { source }, body: { way } },
              {
                onSuccess: (answer) => {
                  save(answer.name, answer.package);
                  made();
                },
              },
            )
          }
        >
          {t('certificate.make')}
        </Button>
      </div>
      {make.error && <Trouble error={make.error} />}
      {done && (
        <div role="status">
          <p>{t('certificate.made', { name: done.name })}</p>
          {done.password && (
            <>
              <p>{t('certificate.password')}</p>
              <Command text={done.password} />
            </>
          )}
          {done.code_until && (
            <p>
              {t('certificate.code_until')} <When time={done.code_until} />
            </p>
          )}
        </div>
      )}
    </div>
  );
}

export function Enrolment({ source }: { source: string }) {
  const { t } = useText();
  const { role } = useSession();
  const may = ENROLLERS.includes(role);
  const list = useGet('/sources/{source}/certificates', { path: { source } }, { every: 30_000 });
  return (
    <Panel title={t('certificate.title')}>
      <Shown of={list} lines={2}>
        {(x) =>
          x.certificates.length === 0 ? (
            <p className="quiet">{t('certificate.none')}</p>
          ) : (
            <ul className="plain">
              {x.certificates.map((c) => (
                <Row key={c.sha256} c={c} may={may} revoked={() => void list.refetch()} />
              ))}
            </ul>
          )
        }
      </Shown>
      {may && <Maker source={source} made={() => void list.refetch()} />}
    </Panel>
  );
}
