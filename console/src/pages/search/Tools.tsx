// What can be done with a search: share it by link, take it along as a file.
import DownloadOutlined from '@ant-design/icons/es/icons/DownloadOutlined';
import LinkOutlined from '@ant-design/icons/es/icons/LinkOutlined';
import { Button } from 'antd';
import { useState } from 'react';
import { Problem, fetchFile } from '../../api/client';
import { useSession } from '../../app/session';
import { address } from '../../parts/address';
import { download } from '../../parts/export';
import { Trouble } from '../../parts/page';
import { useText } from '../../text';
import { localDay } from '../../text/format';
import type { Asked } from './useStream';

const TOLD = 2000; // ms
const EXPORT_MOST = 100_000;

/** The address of exactly this search: a range that moves is fixed. */
export function linkTo(asked: Asked): string {
  return new URL(address('/search', { query: asked.query, from: asked.from, to: asked.to, agency: asked.agency, source: asked.source }), window.location.href).href;
}

export function ShareButton({ asked }: { asked: Asked }) {
  const { t } = useText();
  const [copied, setCopied] = useState(false);
  return (
    <Button
      icon={<LinkOutlined />}
      title={t('search.share_title')}
      onClick={() =>
        void navigator.clipboard?.writeText(linkTo(asked)).then(() => {
          setCopied(true);
          window.setTimeout(() => setCopied(false), TOLD);
        })
      }
    >
      {copied ? t('common.copied') : t('search.share')}
    </Button>
  );
}

export function ExportButtons({ asked, disabled }: { asked: Asked; disabled: boolean }) {
  const { t, number } = useText();
  const { role } = useSession();
  const [busy, setBusy] = useState<'csv' | 'jsonl' | null>(null);
  const [trouble, setTrouble] = useState<Problem | null>(null);
  if (role === 'admin') return null;
  const take = (format: 'csv' | 'jsonl') => {
    setBusy(format);
    setTrouble(null);
    fetchFile('/events/export', { ...asked, format, limit: EXPORT_MOST })
      .then((file) => download(`su-kien-${localDay(Date.now())}.${format}`, file))
      .catch((failure: unknown) => setTrouble(failure instanceof Problem ? failure : new Problem(-1, 'console', String(failure))))
      .finally(() => setBusy(null));
  };
  return (
    <>
      <Button icon={<DownloadOutlined />} loading={busy === 'csv'} disabled={disabled || busy !== null} title={t('search.export_title', { n: number(EXPORT_MOST) })} onClick={() => take('csv')}>
        CSV
      </Button>
      <Button loading={busy === 'jsonl'} disabled={disabled || busy !== null} title={t('search.export_title', { n: number(EXPORT_MOST) })} onClick={() => take('jsonl')}>
        JSON
      </Button>
      {trouble && <Trouble error={trouble} />}
    </>
  );
}
