// The matrix on a phone: one agency's column as cards.
import { Select } from 'antd';
import type { Schemas } from '../../api/client';
import { Sign } from '../../parts/marks';
import { useText } from '../../text';

export function MyColumn({ matrix, agency, choose, open }: { matrix: Schemas['Matrix']; agency?: string; choose: (agency: string) => void; open: (obligation: string, agency: string) => void }) {
  const { t } = useText();
  const column = Math.max(0, matrix.columns.findIndex((c) => c.agency.id === agency));
  const here = matrix.columns[column]?.agency;
  let clause = '';
  return (
    <div className="my-column">
      <Select aria-label={t('field.agency')} value={here?.id} style={{ width: '100%' }} showSearch={{ optionFilterProp: 'label' }} onChange={choose} options={matrix.columns.map((c) => ({ value: c.agency.id, label: c.agency.name }))} />
      {matrix.rows.map((r, i) => {
        const c = matrix.cells[i]?.[column];
        const head = r.clause !== clause;
        clause = r.clause;
        return (
          <div key={`${r.obligation} ${r.period}`}>
            {head && (
              <h2>
                <strong>{r.clause}</strong> {r.clause_title}
              </h2>
            )}
            {c && here && (
              <button type="button" className="column-card" onClick={() => open(r.obligation, here.id)}>
                <Sign standing={c.standing} basis={c.basis} size={20} />
                <span>
                  <span className="column-title">{r.title}</span>
                  <span className={`standing-${c.standing}`}>{t(`standing.${c.standing}`)}</span> <span className="quiet">· {c.sentence}</span>
                </span>
              </button>
            )}
          </div>
        );
      })}
    </div>
  );
}
