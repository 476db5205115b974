// An event as one reads it: what the program said, without the header that stands beside it.
import type { Schemas } from '../api/client';

/** `program[pid]: message` where syslog's header was read, else the line as it came. */
export function said(event: Pick<Schemas['Event'], 'raw' | 'fields'>): string {
  const { program, pid, message } = event.fields;
  if (typeof message !== 'string' || message === '' || typeof program !== 'string' || program === '') return event.raw;
  return `${program}${pid === undefined || pid === null || pid === '' ? '' : `[${pid}]`}: ${message}`;
}

/** Fields that say most, in the order in which they are shown; the rest follows as it comes. */
const FIRST = [
  'agency', 'system', 'source', 'program', 'src_ip', 'c-ip', 'user', 'cs-username', 'action', 'sc-status', 'cs-method', 'cs-uri-stem',
  'dst_ip', 'dst_port', 'target_user', 'CommandLine', 'exe', 'EventID', 'Channel', 'Image', 'host',
];
/** Fields that are the line again, or only its frame. */
const LEFT_OUT = new Set(['message', 'pid', 'facility', 'severity']);

export function ordered<T extends { field: string }>(fields: T[]): T[] {
  const place = (f: T) => {
    const i = FIRST.indexOf(f.field);
    return i < 0 ? FIRST.length : i;
  };
  return fields.filter((f) => !LEFT_OUT.has(f.field)).sort((a, b) => place(a) - place(b));
}
