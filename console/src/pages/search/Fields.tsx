// The fields of what was found and their commonest values; a click filters in, the minus out.
import MinusCircleOutlined from '@ant-design/icons/es/icons/MinusCircleOutlined';
import { useMemo, useState } from 'react';
import type { Schemas } from '../../api/client';
import { ordered } from '../../parts/event';
import { useText, type Key } from '../../text';

const named: Record<string, Key> = { agency: 'field.agency', system: 'field.system', source: 'field.source' };

export function Fields({ data, onFilter }: { data: Schemas['FieldList'] | undefined; onFilter: (field: string, value: string, out: boolean) => void }) {
  const { t, number } = useText();
  const [open, setOpen] = useState(false);
  const fields = useMemo(() => ordered(data?.items ?? []), [data]);
  return (
    <aside className={`fields-panel${open ? ' fields-open' : ''}`} aria-label={t('search.fields')}>
      <button type="button" className="fields-toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t('search.fields')} {data && `(${number(fields.length)})`}
      </button>
      <div className="fields-body">
        {fields.map((f) => {
          const most = f.values[0]?.count ?? 1;
          const name = named[f.field];
          return (
            <section key={f.field}>
              <h2 title={t('search.field_title', { events: number(f.events), distinct: number(f.distinct) })}>
                {name ? t(name) : f.field} <span className="quiet">{number(f.distinct)}</span>
              </h2>
              <ul>
                {f.values.map((v) => (
                  <li key={v.value}>
                    <button type="button" className="field-value" title={t('search.filter_in', { field: f.field, value: v.value })} onClick={() => onFilter(f.field, v.value, false)}>
                      <span className="field-name">{v.label ?? (v.value || t('search.empty_value'))}</span>
                      <span className="field-bar" aria-hidden="true">
                        <span style={{ width: `${Math.max(4, (100 * v.count) / most)}%` }} />
                      </span>
                      <span className="field-count">{number(v.count)}</span>
                    </button>
                    <button type="button" className="field-out" aria-label={t('search.filter_out', { field: f.field, value: v.value })} title={t('search.filter_out', { field: f.field, value: v.value })} onClick={() => onFilter(f.field, v.value, true)}>
                      <MinusCircleOutlined />
                    </button>
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
        {data && fields.length > 0 && <p className="quiet fields-foot">{t('search.sampled', { n: number(data.sampled) })}</p>}
      </div>
    </aside>
  );
}
