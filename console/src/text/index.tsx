// Words of the console, by key, in two languages. `{n}` is filled in; `{n#event|events}` chooses
// one of two forms by the number n.
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { setLanguageHeader } from '../api/client';
import en from './en.json';
import * as format from './format';
import type { Language } from './format';
import vi from './vi.json';

export type { Language } from './format';
export type Key = keyof typeof vi;
const JUST_NOW = 10_000;
export type Values = Record<string, string | number>;

const tables: Record<Language, Record<Key, string>> = { vi, en };

export function fill(text: string, values: Values = {}): string {
  return text
    .replace(/\{(\w+)#([^|}]*)\|([^}]*)\}/g, (_, name: string, one: string, many: string) => (Number(values[name]) === 1 ? one : many))
    .replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

function make(language: Language) {
  return {
    language,
    t: (key: Key, values?: Values) => fill(tables[language][key], values),
    number: (value: number, digits?: number) => format.number(language, value, digits),
    percent: (part: number, whole: number) => format.percent(language, part, whole),
    bytes: (value: number) => format.bytes(language, value),
    exact: (iso: string) => format.exact(language, iso),
    endedDay: (iso: string) => format.endedDay(language, iso),
    day: (iso: string) => format.day(language, iso),
    dayMonth: (iso: string) => format.dayMonth(language, iso),
    hourMinute: (iso: string) => format.hourMinute(language, iso),
    lineTime: (iso: string) => format.lineTime(language, iso),
    weekday: (time: Date) => format.weekday(language, time),
    relative: (iso: string, now: number) =>
      Math.abs(new Date(iso).getTime() - now) < JUST_NOW ? tables[language]['time.now'] : format.relative(language, iso, now),
    span: (seconds: number) => format.span(language, seconds),
  };
}

export type Text = ReturnType<typeof make>;
const TextContext = createContext<Text & { choose: (l: Language) => void }>({ ...make('vi'), choose: () => undefined });
const STORE = 'haidang.language';

export function TextProvider({ children }: { children: ReactNode }) {
  const [language, choose] = useState<Language>(() => (localStorage.getItem(STORE) === 'en' ? 'en' : 'vi'));
  setLanguageHeader(language);
  useEffect(() => {
    localStorage.setItem(STORE, language);
    document.documentElement.lang = language;
  }, [language]);
  const value = useMemo(() => ({ ...make(language), choose }), [language]);
  return <TextContext.Provider value={value}>{children}</TextContext.Provider>;
}

export const useText = () => useContext(TextContext);
