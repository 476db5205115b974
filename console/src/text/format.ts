// Numbers, times and spans as people of each language read them. Times are those of Vietnam,
// wherever the browser stands.
export type Language = 'vi' | 'en';
export const ZONE = 'Asia/Ho_Chi_Minh';
const OFFSET = 7 * 3600_000; // Vietnam has no summer time
const locale = (l: Language) => (l === 'vi' ? 'vi-VN' : 'en-GB');

const cache = new Map<string, Intl.DateTimeFormat | Intl.NumberFormat | Intl.RelativeTimeFormat>();
function once<T extends Intl.DateTimeFormat | Intl.NumberFormat | Intl.RelativeTimeFormat>(key: string, make: () => T): T {
  let found = cache.get(key) as T | undefined;
  if (!found) cache.set(key, (found = make()));
  return found;
}

export function number(l: Language, value: number, digits = 0): string {
  return once(`n${l}${digits}`, () => new Intl.NumberFormat(locale(l), { maximumFractionDigits: digits })).format(value);
}

/** A share as whole per cent; never 100 while something is missing, never 0 while there is some. */
export function percent(l: Language, part: number, whole: number): string {
  if (whole <= 0) return '–';
  let value = Math.round((100 * part) / whole);
  if (value === 100 && part < whole) value = 99;
  if (value === 0 && part > 0) value = 1;
  return `${number(l, value)} %`;
}

export function bytes(l: Language, value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  while (value >= 1000 && i < units.length - 1) {
    value /= 1000;
    i++;
  }
  return `${number(l, value, value < 10 && i > 0 ? 1 : 0)} ${units[i]}`;
}

function stamp(l: Language, name: string, options: Intl.DateTimeFormatOptions, time: Date): string {
  return once(`t${l}${name}`, () => new Intl.DateTimeFormat(locale(l), { timeZone: ZONE, hourCycle: 'h23', ...options })).format(time);
}

/** 24/11/2026 14:05:12 */
export function exact(l: Language, iso: string): string {
  const d = new Date(iso);
  return `${day(l, iso)} ${stamp(l, 'hms', { hour: '2-digit', minute: '2-digit', second: '2-digit' }, d)}`;
}
export function day(l: Language, iso: string): string {
  return stamp(l, 'day', { day: '2-digit', month: '2-digit', year: 'numeric' }, new Date(iso));
}
/** The day at whose end a moment stands that is midnight in Vietnam; null for any other moment. */
export function endedDay(l: Language, iso: string): string | null {
  const ms = new Date(iso).getTime();
  return (ms + OFFSET) % 86_400_000 === 0 ? day(l, new Date(ms - 1).toISOString()) : null;
}
export function dayMonth(l: Language, iso: string): string {
  return day(l, iso).slice(0, 5);
}
export function hourMinute(l: Language, iso: string): string {
  return stamp(l, 'hm', { hour: '2-digit', minute: '2-digit' }, new Date(iso));
}
export function weekday(l: Language, time: Date): string {
  return stamp(l, 'wd', { weekday: 'short', day: '2-digit', month: '2-digit', year: 'numeric', hour: '2-digit', minute: '2-digit' }, time);
}
/** 14:03:15.204, with the day before it when it is not today's. */
export function lineTime(l: Language, iso: string, now = Date.now()): string {
  const d = new Date(iso);
  const clock = `${stamp(l, 'hms', { hour: '2-digit', minute: '2-digit', second: '2-digit' }, d)}.${String(d.getUTCMilliseconds()).padStart(3, '0')}`;
  return localDay(d.getTime()) === localDay(now) ? clock : `${dayMonth(l, iso)} ${clock}`;
}

/** 2026-11-24 in Vietnam. */
export function localDay(ms: number): string {
  return new Date(ms + OFFSET).toISOString().slice(0, 10);
}
/** What a datetime-local field shows and takes: wall-clock time of Vietnam. */
export function toField(iso: string): string {
  return new Date(new Date(iso).getTime() + OFFSET).toISOString().slice(0, 16);
}
export function fromField(value: string): string | null {
  const d = new Date(`${value}${value.length === 16 ? ':00' : ''}+07:00`);
  return Number.isNaN(d.getTime()) ? null : iso(d.getTime());
}
/** ISO 8601 with Vietnam's zone, to the millisecond where there is one. */
export function iso(ms: number): string {
  return new Date(ms + OFFSET).toISOString().replace(/\.000Z$|Z$/, (end) => (end === 'Z' ? '+07:00' : '+07:00'));
}

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86400],
  ['month', 30 * 86400],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
];
export function relative(l: Language, time: string, now: number): string {
  const seconds = (new Date(time).getTime() - now) / 1000;
  const format = once(`r${l}`, () => new Intl.RelativeTimeFormat(locale(l), { numeric: 'always', style: l === 'vi' ? 'long' : 'short' }));
  for (const [unit, size] of steps) if (Math.abs(seconds) >= size) return format.format(Math.trunc(seconds / size), unit);
  return format.format(Math.trunc(seconds), 'second');
}

/** The two largest units of a span: 2 ngày 4 giờ. */
export function span(l: Language, seconds: number): string {
  const units: [string, string, number][] = [
    ['ngày', 'd', 86400],
    ['giờ', 'h', 3600],
    ['phút', 'min', 60],
    ['giây', 's', 1],
  ];
  let rest = Math.abs(Math.trunc(seconds));
  const first = units.findIndex(([, , size]) => rest >= size);
  if (first < 0) return l === 'vi' ? '0 giây' : '0 s';
  const parts: string[] = [];
  for (const [vi, en, size] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${number(l, count)} ${l === 'vi' ? vi : en}`);
  }
  return parts.join(' ');
}

/** Folds case and Vietnamese diacritics, for search as one types. */
export function fold(text: string): string {
  return text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').replace(/[đĐ]/g, 'd').toLowerCase();
}
