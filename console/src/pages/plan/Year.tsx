// A slider over time replays the period, as it was known on each day.
import { useEffect, useState } from 'react';
import type { Schemas } from '../../api/client';
import { useText } from '../../text';
import { localDay } from '../../text/format';

const DAY = 86400_000;

export function Year({ period, at, first, choose }: { period: Schemas['Period']; at?: string; first: string | null; choose: (day: string | null) => void }) {
  const { t, day } = useText();
  const start = Date.parse(`${localDay(new Date(period.from).getTime())}T00:00:00Z`);
  const today = Date.parse(`${localDay(Date.now())}T00:00:00Z`);
  const end = Math.min(Date.parse(`${localDay(new Date(period.to).getTime() - 1)}T00:00:00Z`), today);
  const days = Math.max(0, Math.round((end - start) / DAY));
  const here = at ? Math.max(0, Math.min(days, Math.round((Date.parse(`${at}T00:00:00Z`) - start) / DAY))) : days;
  const [value, setValue] = useState(here);
  useEffect(() => setValue(here), [here]);
  useEffect(() => {
    if (value === here) return;
    const timer = window.setTimeout(() => choose(value >= days ? null : new Date(start + value * DAY).toISOString().slice(0, 10)), 250);
    return () => window.clearTimeout(timer);
  }, [value, here, days, start, choose]);
  if (days === 0) return null;
  const shown = new Date(start + value * DAY).toISOString();
  return (
    <div className="year">
      <label htmlFor="year">{t('matrix.replay')}</label>
      <input id="year" type="range" min={0} max={days} value={value} onChange={(e) => setValue(Number(e.target.value))} aria-valuetext={day(shown)} />
      <span className="figure">{day(shown)}</span>
      {first && shown.slice(0, 10) < first && <span className="quiet">{t('matrix.before_first', { day: day(`${first}T00:00:00+07:00`) })}</span>}
    </div>
  );
}
