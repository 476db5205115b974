// The places of the console: one table that the rail, the routes, the palette and the tests of
// roles walk. A place that a role has nothing in is not shown to it (openapi.yaml: x-roles).
import AlertOutlined from '@ant-design/icons/es/icons/AlertOutlined';
import ApartmentOutlined from '@ant-design/icons/es/icons/ApartmentOutlined';
import CompassOutlined from '@ant-design/icons/es/icons/CompassOutlined';
import EyeOutlined from '@ant-design/icons/es/icons/EyeOutlined';
import ScheduleOutlined from '@ant-design/icons/es/icons/ScheduleOutlined';
import SettingOutlined from '@ant-design/icons/es/icons/SettingOutlined';
import type { ReactNode } from 'react';
import type { Key } from '../text';
import type { Role } from './session';

export interface Place {
  path: string;
  name: Key;
  roles: readonly Role[];
}
export interface Group {
  name: Key;
  icon: ReactNode;
  places: readonly Place[];
}

const everybody: readonly Role[] = ['lead', 'agency', 'responder', 'finance', 'police', 'assessor', 'leader', 'admin'];
const watchers: readonly Role[] = ['lead', 'agency', 'responder', 'admin'];
const triage: readonly Role[] = ['lead', 'agency', 'responder'];
const cases: readonly Role[] = ['lead', 'agency', 'responder', 'police', 'leader'];
const planners: readonly Role[] = ['lead', 'agency', 'responder', 'finance', 'police', 'assessor', 'leader'];

/** A group with one place is itself the link. */
export const groups: readonly Group[] = [
  { name: 'place.home', icon: <CompassOutlined />, places: [{ path: '/', name: 'place.home', roles: everybody }] },
  {
    name: 'place.monitoring',
    icon: <EyeOutlined />,
    places: [
      { path: '/search', name: 'place.search', roles: watchers },
      { path: '/alerts', name: 'place.alerts', roles: triage },
      { path: '/sources', name: 'place.sources', roles: watchers },
      { path: '/rules', name: 'place.rules', roles: ['lead', 'responder', 'admin'] },
      { path: '/indicators', name: 'place.indicators', roles: ['lead', 'responder', 'admin'] },
    ],
  },
  { name: 'place.incidents', icon: <AlertOutlined />, places: [{ path: '/incidents', name: 'place.incidents', roles: cases }] },
  {
    name: 'place.plan',
    icon: <ScheduleOutlined />,
    places: [
      { path: '/plan', name: 'place.matrix', roles: planners },
      { path: '/plan/text', name: 'place.text', roles: planners },
      { path: '/plan/report', name: 'place.report', roles: ['lead', 'leader'] },
    ],
  },
  {
    name: 'place.register',
    icon: <ApartmentOutlined />,
    places: [
      { path: '/agencies', name: 'place.agencies', roles: everybody },
      { path: '/systems', name: 'place.systems', roles: everybody },
    ],
  },
  {
    name: 'place.administration',
    icon: <SettingOutlined />,
    places: [
      { path: '/users', name: 'place.users', roles: ['admin'] },
      { path: '/machine', name: 'place.machine', roles: ['admin'] },
    ],
  },
];

export function groupsOf(role: Role): Group[] {
  return groups
    .map((g) => ({ ...g, places: g.places.filter((p) => p.roles.includes(role)) }))
    .filter((g) => g.places.length > 0);
}

/** The place an address belongs to, whoever asks. */
export function placeAt(path: string): Place | undefined {
  return groups
    .flatMap((g) => g.places)
    .filter((p) => p.path === path || (p.path !== '/' && path.startsWith(`${p.path}/`)))
    .sort((a, b) => b.path.length - a.path.length)[0];
}

export function mayOpen(role: Role, path: string): boolean {
  return placeAt(path)?.roles.includes(role) ?? true;
}
