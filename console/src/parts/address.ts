// The address holds the state of a page: copy it, send it, it opens the same.
import { useCallback } from 'react';
import { useSearchParams } from 'react-router-dom';

export type Change = Record<string, string | null | undefined>;

/** Reads and writes the address's parameters; empty values leave it. */
export function useAddress() {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (change: Change, replace = true) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(change))
            if (value === null || value === undefined || value === '') after.delete(name);
            else after.set(name, value);
          return after;
        },
        { replace },
      ),
    [setParams],
  );
  return { get: (name: string) => params.get(name) ?? undefined, set, params };
}

export function address(path: string, query: Record<string, string | number | null | undefined>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== '') params.set(name, String(value));
  const text = params.toString();
  return text ? `${path}?${text}` : path;
}

/** A search that shows what an events link of the API means. */
export function searchAddress(link: { query: string; from: string; to: string; agency: string | null; source: string | null }): string {
  return address('/search', { query: link.query, from: link.from, to: link.to, agency: link.agency, source: link.source });
}
