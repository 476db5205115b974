// An event as one reads it: what the program said, without the header that stands beside it.
import type { Schemas } from '../api/client';

/** `program[pid]: message` where syslog's header was read, a request as a request where the line is
 * an object of fields, else the line as it came. */
export function said(event: Pick<Schemas['Event'], 'raw' | 'fields'>): string {
  const { program, pid, message } = event.fields;
  if (typeof message !== 'string' || message === '' || typeof program !== 'string' || program === '')
    return event.raw.startsWith('{') ? (requested(event.fields) ?? event.raw) : event.raw;
  return `${program}${pid === undefined || pid === null || pid === '' ? '' : `[${pid}]`}: ${message}`;
}

function requested(f: Schemas['Event']['fields']): string | null {
  if (!f['cs-method'] || !f['cs-uri-stem']) return null;
  const query = f['cs-uri-query'] && f['cs-uri-query'] !== '-' ? `?${f['cs-uri-query']}` : '';
  const agent = f['c-useragent'] ?? f['cs-user-agent'];
  return [f['c-ip'], f['cs-method'], `${f['cs-uri-stem']}${query}`, f['sc-status'], agent && `"${agent}"`].filter((x) => x !== undefined && x !== null && x !== '').join(' ');
}

/** The host that sent it, as the line says; else the source's name. */
export function sender(event: Pick<Schemas['Event'], 'source' | 'fields'>): string {
  const { host } = event.fields;
  return typeof host === 'string' && host !== '' ? host : (event.source?.short ?? event.source?.name ?? '–');
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
