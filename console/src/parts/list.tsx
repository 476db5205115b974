// A list from the server: sorted and paged there, a table on a wide screen and cards on a phone.
import { Button, Select } from 'antd';
import type { ReactNode } from 'react';
import { useGet } from '../api/client';
import { useSession } from '../app/session';
import { useText, type Key } from '../text';
import { Panel, Shown } from './page';

export interface Column<T> {
  name: Key;
  cell: (row: T) => ReactNode;
  /** The server's name of this order, when it can sort by it. */
  sort?: { up?: string; down?: string };
  end?: boolean;
  width?: string;
  /** The first line of a card. */
  head?: boolean;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string | number;
  sort?: string;
  onSort?: (sort: string) => void;
  total?: number | null;
  more?: (() => void) | undefined;
  busy?: boolean;
  empty?: ReactNode;
}

export function List<T>({ label, columns, rows, rowKey, sort, onSort, total, more, busy, empty }: Props<T>) {
  const { t, number } = useText();
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  return (
    <div className="list-frame">
      <table className="list" aria-label={label}>
        <thead>
          <tr>
            {columns.map((c) => {
              const up = c.sort?.up;
              const down = c.sort?.down;
              const order = sort !== undefined && sort === up ? 'ascending' : sort !== undefined && sort === down ? 'descending' : undefined;
              const next = order === 'ascending' ? (down ?? up) : order === 'descending' ? (up ?? down) : (up ?? down);
              return (
                <th key={c.name} scope="col" className={c.end ? 'end' : undefined} style={{ width: c.width }} aria-sort={order}>
                  {c.sort && onSort && next ? (
                    <button type="button" className="sorter" onClick={() => onSort(next)}>
                      {t(c.name)}
                      <span aria-hidden="true">{order === 'ascending' ? ' ▴' : order === 'descending' ? ' ▾' : ''}</span>
                    </button>
                  ) : (
                    t(c.name)
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((c) => (
                <td key={c.name} className={[c.end ? 'end' : '', c.head ? 'card-head' : ''].join(' ').trim() || undefined} data-label={t(c.name)}>
                  {c.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {(more || (total !== undefined && total !== null)) && <div className="list-foot">
        {total !== undefined && total !== null && (
          <span className="quiet">{t('list.shown', { shown: number(rows.length), total: number(total) })}</span>
        )}
        {more && (
          <Button size="small" loading={busy} onClick={more}>
            {t('list.more')}
          </Button>
        )}
      </div>}
    </div>
  );
}

/** What useList gives. */
interface Pages<T> {
  data: unknown;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
  items: T[];
  first: { total?: number | null } | undefined;
  hasNextPage: boolean;
  fetchNextPage: () => unknown;
  isFetchingNextPage: boolean;
}

interface PanelProps<T> extends Pick<Props<T>, 'label' | 'columns' | 'rowKey' | 'sort' | 'onSort' | 'empty'> {
  list: Pages<T>;
}

/** A page's one list, from waiting over trouble to its last page. */
export function ListPanel<T>({ list, ...rest }: PanelProps<T>) {
  return (
    <Panel>
      <Shown of={list}>
        {() => (
          <List {...rest} rows={list.items} total={list.first?.total} more={list.hasNextPage ? () => void list.fetchNextPage() : undefined} busy={list.isFetchingNextPage} />
        )}
      </Shown>
    </Panel>
  );
}

/** Narrows a list to one agency; nothing for those who see only their own. */
export function AgencyChoice({ value, onChange }: { value: string | undefined; onChange: (agency: string) => void }) {
  const { t } = useText();
  const { role } = useSession();
  const agencies = useGet('/agencies', { query: { limit: 1000 } }, { enabled: role !== 'agency' });
  if (role === 'agency') return null;
  return (
    <Select
      aria-label={t('field.agency')}
      value={value ?? ''}
      style={{ width: 170 }}
      showSearch={{ optionFilterProp: 'label' }}
      onChange={onChange}
      options={[{ value: '', label: t('common.all_agencies') }, ...(agencies.data?.items ?? []).map((a) => ({ value: a.id, label: a.short }))]}
    />
  );
}
