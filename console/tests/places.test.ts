// The rail against openapi.yaml: a place is shown to exactly the roles that its data is open to.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { groups, groupsOf, mayOpen, placeAt } from '../src/app/places';
import type { Role } from '../src/app/session';

const api = readFileSync(join(__dirname, '../../openapi.yaml'), 'utf8');
const anchors = new Map([...api.matchAll(/x-roles: &(\w+) \[([^\]]+)\]/g)].map((m) => [m[1]!, m[2]!.split(', ')]));

/** The roles of the `get` of a path, as the file states them (by value or by anchor). */
function rolesOf(path: string): string[] {
  const part = api.slice(api.indexOf(`\n  ${path}:\n`));
  const get = part.slice(part.indexOf('    get:'));
  const m = /x-roles: (?:&\w+ )?(?:\*(\w+)|\[([^\]]+)\])/.exec(get)!;
  return m[1] ? anchors.get(m[1])! : m[2]!.split(', ');
}

const data: Record<string, string> = {
  '/': '/home',
  '/search': '/events',
  '/alerts': '/alerts',
  '/sources': '/sources',
  '/rules': '/rules',
  '/indicators': '/indicators',
  '/incidents': '/incidents',
  '/plan': '/plan/matrix',
  '/plan/text': '/plan/coverage',
  '/plan/report': '/reports/standing.docx',
  '/agencies': '/agencies',
  '/systems': '/systems',
  '/users': '/users',
  '/machine': '/health',
};

describe('the places', () => {
  it('are open to the roles that the API opens their data to, and to no other', () => {
    for (const place of groups.flatMap((g) => g.places)) expect([...place.roles].sort(), place.path).toEqual(rolesOf(data[place.path]!).sort());
  });
  it('hide a group in which a role has nothing', () => {
    expect(groupsOf('finance').map((g) => g.name)).toEqual(['place.home', 'place.plan', 'place.register']);
  });
  it('are found by the longest address', () => {
    expect(placeAt('/plan/text')?.name).toBe('place.text');
    expect(placeAt('/plan')?.name).toBe('place.matrix');
    expect(placeAt('/alerts/12')?.name).toBe('place.alerts');
    expect(placeAt('/nowhere')).toBeUndefined();
  });
  it('are refused by role for what lies below them too', () => {
    expect(mayOpen('finance' as Role, '/alerts/12')).toBe(false);
    expect(mayOpen('agency' as Role, '/agencies/so-tc')).toBe(true);
  });
});
