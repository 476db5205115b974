// One rule: its words, its text, and how often it may speak.
import { Button, InputNumber } from 'antd';
import { useState } from 'react';
import { useChange, useGet, type Schemas } from '../../api/client';
import { Panel, Shown, Trouble } from '../../parts/page';
import { useText } from '../../text';

const FOLD_MINUTES = 10; // what holds where nothing is set (docs/detection.md)
const MOST = 1000;

export function RulePanel({ id, keeper, close, tryIt }: { id: string; keeper: boolean; close: () => void; tryIt: () => void }) {
  const { t } = useText();
  const rule = useGet('/rules/{rule}', { path: { rule: id } }, { keep: false });
  return (
    <Panel
      title={rule.data?.title ?? id}
      more={
        <>
          {rule.data?.text && (
            <Button size="small" onClick={tryIt}>
              {t('backtest.title')}
            </Button>
          )}{' '}
          <Button size="small" onClick={close}>
            {t('common.close')}
          </Button>
        </>
      }
    >
      <Shown of={rule}>
        {(r) => (
          <>
            {r.description && <p>{r.description}</p>}
            <Limit key={`${r.id} ${r.fold} ${r.most}`} rule={r} keeper={keeper} />
            {r.text && (
              <details>
                <summary>{t('alerts.rule_text')}</summary>
                <pre className="code" tabIndex={0}>{r.text}</pre>
              </details>
            )}
            {r.explain && (
              <details>
                <summary>{t('rules.explain')}</summary>
                <pre className="code" tabIndex={0}>{r.explain}</pre>
              </details>
            )}
          </>
        )}
      </Shown>
    </Panel>
  );
}

/** 0 is the standard of all rules; of the rate, -1 is no limit. */
function Limit({ rule, keeper }: { rule: Schemas['Rule']; keeper: boolean }) {
  const { t, number } = useText();
  const [fold, setFold] = useState<number | null>(rule.fold ? rule.fold / 60 : null);
  const [most, setMost] = useState<number | null>(rule.most || null);
  const change = useChange('post', '/rules/{rule}/limit');
  if (!keeper)
    return <p className="quiet">{t('rules.limit_is', { minutes: number(rule.fold ? rule.fold / 60 : FOLD_MINUTES), most: rule.most < 0 ? '∞' : number(rule.most || MOST) })}</p>;
  return (
    <form
      className="inline-form"
      onSubmit={(e) => {
        e.preventDefault();
        change.mutate({ path: { rule: rule.id }, body: { fold: Math.round((fold ?? 0) * 60), most: most ?? 0 } });
      }}
    >
      <div className="form-row">
        <label htmlFor="limit-fold">{t('rules.fold')}</label>
        <InputNumber id="limit-fold" min={1} max={1440} value={fold} placeholder={number(FOLD_MINUTES)} onChange={setFold} />
        <label htmlFor="limit-most">{t('rules.most')}</label>
        <InputNumber id="limit-most" min={-1} max={1_000_000} value={most} placeholder={number(MOST)} onChange={setMost} />
        <Button htmlType="submit" loading={change.isPending}>
          {t('rules.limit_set')}
        </Button>
      </div>
      <p className="quiet">{t('rules.limit_help')}</p>
      {change.error && <Trouble error={change.error} />}
      {change.isSuccess && <p role="status">{t('rules.limit_done')}</p>}
    </form>
  );
}
