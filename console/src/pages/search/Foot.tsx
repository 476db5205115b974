// What was read, what was not and why; block by block where somebody wants to know.
import { Button } from 'antd';
import { useEffect, useState } from 'react';
import { Problem, streamLines, type Schemas, type StreamLine } from '../../api/client';
import { Trouble } from '../../parts/page';
import { useText, type Key } from '../../text';
import type { Asked } from './useStream';

type Block = NonNullable<StreamLine['explain']>;
const REASONS = ['time', 'source', 'words', 'limit'] as const;
const SHOWN = 500;

interface Props {
  shown: number;
  total: number | null;
  table: boolean;
  foot: Schemas['ReadFoot'];
  more: boolean;
  asked: Asked;
}

export function Foot({ shown, total, table, foot, more, asked }: Props) {
  const { t, number, bytes, exact } = useText();
  const [open, setOpen] = useState(false);
  const blocks = foot.blocks_read + foot.blocks_skipped + foot.blocks_left;
  const rate = foot.milliseconds > 0 ? (foot.bytes / foot.milliseconds) * 1000 : 0;
  const reasons = REASONS.filter((r) => foot.skipped[r] > 0).map((r) => t(`search.skipped_${r}`, { n: number(foot.skipped[r]) }));
  return (
    <footer className="search-foot">
      <span>
        {table ? t('search.foot_rows', { shown: number(shown), lines: number(foot.matched) }) : total === null ? t('search.foot_lines', { shown: number(shown) }) : t('search.foot_of', { shown: number(shown), total: number(total) })}
        {' · '}
        {t('search.foot_time', { seconds: number(Math.max(0.01, foot.milliseconds / 1000), 2) })}
        {' · '}
        {t('search.foot_blocks', { read: number(foot.blocks_read), blocks: number(blocks) })}
        {reasons.length > 0 && ` (${reasons.join(', ')})`}
        {rate > 0 && ` · ${bytes(rate)}/s`}{' '}
        <button type="button" className="link-button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t('search.explain')}
        </button>
      </span>
      <span>
        {foot.complete ? t('search.complete') : more ? t('search.more_to_read') : (foot.stopped ?? t('search.not_complete'))}
        {!foot.complete && foot.blocks_left > 0 && ` · ${t('search.blocks_left', { n: number(foot.blocks_left) })}`}
        {!foot.complete && foot.read_down_to && !more && ` · ${t('search.read_down_to', { time: exact(foot.read_down_to) })}`}
        {foot.regex_limit > 0 && ` · ${t('search.regex_limit', { n: number(foot.regex_limit) })}`}
        {foot.cut > 0 && ` · ${t('search.cut', { n: number(foot.cut) })}`}
      </span>
      {foot.damaged && <span className="field-error">{t('search.damaged', { what: foot.damaged })}</span>}
      {open && <Explained asked={asked} />}
    </footer>
  );
}

/** The same search once more, which says of each block whether it was read. */
function Explained({ asked }: { asked: Asked }) {
  const { t, number } = useText();
  const [blocks, setBlocks] = useState<Block[]>([]);
  const [state, setState] = useState<'running' | 'done' | Problem>('running');
  const { query, from, to, agency, source } = asked;
  useEffect(() => {
    const own = new AbortController();
    setBlocks([]);
    setState('running');
    streamLines('/events/stream', { query, from, to, agency, source, limit: 1, buckets: 1, explain: true }, (lines) => {
      const more = lines.flatMap((line) => line.explain ?? []);
      if (more.length) setBlocks((before) => [...before, ...more]);
    }, own.signal).then(
      () => setState('done'),
      (failure: unknown) => failure instanceof Problem && setState(failure),
    );
    return () => own.abort();
  }, [query, from, to, agency, source]);
  return (
    <section className="explained panel" aria-label={t('search.explained')} aria-busy={state === 'running'}>
      <p className="quiet">{t('search.explained_about')}</p>
      {state instanceof Problem && <Trouble error={state} />}
      <div className="explained-frame" tabIndex={0} role="region" aria-label={t('search.explained')}>
        <table>
          <tbody>
            {blocks.slice(0, SHOWN).map((b, i) => (
              <tr key={i} className={b.why === 'read' ? undefined : 'quiet'}>
                <td>{b.file}</td>
                <td>{b.block === 0 ? t('search.whole_file') : number(b.block)}</td>
                <td className={b.why === 'damaged' ? 'field-error' : undefined}>{t(`search.why_${b.why}` as Key)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {blocks.length > SHOWN && <p className="quiet">{t('list.shown', { shown: number(SHOWN), total: number(blocks.length) })}</p>}
      {blocks.length === 0 && state === 'done' && <p>{t('search.no_blocks')}</p>}
    </section>
  );
}

/** While it runs: how far down the time it has come. */
export function Progress({ asked, progress, stop }: { asked: Asked; progress: Schemas['ReadFoot'] | undefined; stop: () => void }) {
  const { t, number, bytes, exact } = useText();
  const from = Date.parse(asked.from);
  const to = Date.parse(asked.to);
  const part = progress?.read_down_to ? Math.min(1, Math.max(0, (to - Date.parse(progress.read_down_to)) / (to - from))) : 0;
  return (
    <div className="search-progress" role="status">
      <div className="search-bar" role="progressbar" aria-label={t('search.progress')} aria-valuenow={Math.round(part * 100)} aria-valuemin={0} aria-valuemax={100}>
        <span style={{ width: `${Math.max(2, part * 100)}%` }} />
      </div>
      <span>
        {progress?.read_down_to
          ? t('search.progress_at', { time: exact(progress.read_down_to), events: number(progress.events), found: number(progress.matched), bytes: bytes(progress.bytes) })
          : t('search.progress_begins')}
      </span>
      <Button size="small" onClick={stop}>
        {t('search.stop')} <kbd>Esc</kbd>
      </Button>
    </div>
  );
}
