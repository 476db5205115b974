// Above a live list: whether it lives, how to hold it, and what waits meanwhile. To scroll down is to
// hold it too.
import { Button } from 'antd';
import { useEffect, useRef } from 'react';
import { Trouble } from '../../parts/page';
import { useText } from '../../text';
import { LIVE_MOST, type Live } from './useLive';

interface Props {
  tail: Live;
  paused: boolean;
  setPaused: (paused: boolean) => void;
  release: () => void;
}

export function LiveBar({ tail, paused, setPaused, release }: Props) {
  const { t, number } = useText();
  const top = useRef<HTMLDivElement>(null);
  const pause = useRef(setPaused);
  pause.current = setPaused;
  useEffect(() => {
    const watch = new IntersectionObserver(([entry]) => {
      if (!entry!.isIntersecting) pause.current(true);
    });
    watch.observe(top.current!);
    return () => watch.disconnect();
  }, []);
  const go = () => {
    top.current?.scrollIntoView({ block: 'nearest' });
    setPaused(false);
    release();
  };
  return (
    <>
      <div ref={top} className="live-top" aria-hidden="true" />
      <div className="live-bar">
        <span role="status">
          {tail.state === 'open' && !paused && t('search.live_open')}
          {tail.state === 'open' && paused && t('search.live_paused', { n: number(tail.held.length) })}
          {tail.state === 'opening' && t('search.live_opening')}
          {tail.state === 'lost' && t('search.live_lost')}
        </span>
        {tail.leftOut && <span className="quiet">{t('search.live_left_out', { n: number(LIVE_MOST) })}</span>}
        <Button size="small" type={paused && tail.held.length > 0 ? 'primary' : 'default'} onClick={() => (paused ? go() : setPaused(true))}>
          {paused ? (tail.held.length > 0 ? t('search.live_show', { n: number(tail.held.length) }) : t('search.live_go_on')) : t('search.live_pause')}
        </Button>
      </div>
      {tail.error && <Trouble error={tail.error} />}
    </>
  );
}
