// What was read and what was not: no silent loss.
import type { Schemas } from '../../api/client';
import { useText } from '../../text';

export function Foot({ shown, total, foot, more }: { shown: number; total: number | null; foot: Schemas['ReadFoot']; more: boolean }) {
  const { t, number, bytes } = useText();
  const blocks = foot.blocks_read + foot.blocks_skipped;
  const rate = foot.milliseconds > 0 ? (foot.bytes / foot.milliseconds) * 1000 : 0;
  return (
    <footer className="search-foot">
      <span>
        {total === null ? t('search.foot_lines', { shown: number(shown) }) : t('search.foot_of', { shown: number(shown), total: number(total) })}
        {' · '}
        {t('search.foot_time', { seconds: number(foot.milliseconds / 1000, 2) })}
        {' · '}
        {t('search.foot_blocks', { read: number(foot.blocks_read), blocks: number(blocks), skipped: number(foot.blocks_skipped) })}
        {rate > 0 && ` · ${bytes(rate)}/s`}
      </span>
      <span>{foot.complete ? t('search.complete') : more ? t('search.more_to_read') : (foot.stopped ?? t('search.not_complete'))}</span>
    </footer>
  );
}
