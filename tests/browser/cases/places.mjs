// Each place opens for each role; each is looked at in both themes and at both widths.
import axe from 'axe-core';
import { PHONE, close, open, pageFor, picture, settled } from '../browser.mjs';
import { check, test } from '../tap.mjs';

const roles = ['lead', 'agency', 'responder', 'finance', 'police', 'assessor', 'leader', 'admin'];

/** Every place that the rail offers, one level down too. */
async function placesOf(page) {
  await open(page, '/');
  const groups = await page.locator('.rail-group').evaluateAll((links) => links.map((a) => a.getAttribute('href')));
  const places = new Set();
  for (const group of groups) {
    const link = `.rail-group[href="${group}"]`;
    await page.locator(link).click();
    await page.waitForSelector(`${link}[aria-expanded="true"], ${link}[aria-current="page"]`);
    const within = await page.locator('.within .rail-place').evaluateAll((links) => links.map((a) => a.getAttribute('href')));
    for (const place of within.length > 0 ? within : [group]) places.add(place);
  }
  return [...places];
}

const name = (place) => (place === '/' ? 'home' : place.slice(1).replaceAll('/', '-'));
/** Places that somebody has looked at from all sides; they look the same for the next role. */
const seen = new Set();

/** What repeats the markup before it: to measure contrast in all 43 × 31 cells takes a minute and finds nothing more. */
const REPEATED = ['tr', 'td', 'th', 'li', 'section'].map((part) => `main ${part}:nth-child(n+10)`);
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** Serious faults by axe; with `rules` only by these: in the dark nothing but colours is different. */
async function faults(page, rules) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(
    async ([exclude, runOnly]) => {
      const { violations } = await window.axe.run({ exclude }, { runOnly, resultTypes: ['violations'] });
      return violations
        .filter((v) => v.impact === 'serious' || v.impact === 'critical')
        .map((v) => `${v.id}: ${v.help}\n  ${v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join('\n  ')}`);
    },
    [REPEATED, rules ?? TAGS],
  );
}

/** A place wider than its window would scroll sideways. */
const tooWide = (page) => page.evaluate(() => document.querySelector('main').scrollWidth > document.querySelector('main').clientWidth + 1);

/** Without loading the console anew where it is there, as a click does. */
async function go(page, place) {
  if (page.url() === 'about:blank') await open(page, '/');
  await page.evaluate((to) => {
    history.pushState({}, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, place);
  await page.waitForFunction((to) => location.pathname + location.search === to, place);
  await settled(page);
}

async function troubles(page, place) {
  const found = [];
  if (await page.locator('main .trouble').count()) found.push(`${place}: ${await page.locator('main .trouble').first().innerText()}`);
  if (await tooWide(page)) found.push(`${place} is wider than the screen`);
  return found;
}

/** From all sides: light and dark, on a screen and on a phone; what is wrong, and pictures. */
async function look(place, role, { page, dark, phone }) {
  await open(page, place);
  if (place === '/alerts' && (await page.locator('.alert-line').count()) > 0) {
    await page.locator('.alert-line').first().click();
    await settled(page);
  }
  const found = await troubles(page, place);
  const sides = [
    async () => {
      await picture(page, `${name(place)}-${role}-1440`);
      for (const fault of await faults(page)) found.push(`${place} (light): ${fault}`);
    },
    async () => {
      await go(dark, place);
      for (const fault of await faults(dark, ['color-contrast'])) found.push(`${place} (dark): ${fault}`);
      await picture(dark, `${name(place)}-${role}-dark-1440`);
    },
    async () => {
      await go(phone, place);
      if (await tooWide(phone)) found.push(`${place} is wider than a phone`);
      await picture(phone, `${name(place)}-${role}-390`);
    },
  ];
  await Promise.all(sides.map((side) => side()));
  return found;
}

for (const role of roles) {
  test(`each place opens for ${role}, on a screen and on a phone, light and dark, without a complaint or a serious fault by axe`, [role], async () => {
    const pages = { page: await pageFor(role, { still: true }), dark: await pageFor(role, { mode: 'dark', still: true }), phone: await pageFor(role, { viewport: PHONE, still: true }) };
    const places = await placesOf(pages.page);
    check(places.includes('/'), 'the rail does not lead home');
    const found = [];
    for (const place of places) {
      if (place === '/' || !seen.has(place)) {
        const wrong = await look(place, role, pages);
        if (wrong.length === 0) seen.add(place);
        found.push(...wrong);
      } else {
        await go(pages.page, place);
        found.push(...(await troubles(pages.page, place)));
      }
    }
    for (const page of Object.values(pages)) {
      found.push(...page.complaints);
      await close(page);
    }
    check(found.length === 0, found.join('\n'));
  });
}

test('details have no serious fault by axe: alert, incident, evidence, agency, source', ['lead'], async () => {
  const page = await pageFor('lead');
  const dark = await pageFor('lead', { mode: 'dark' });
  const found = [];
  const ways = [
    ['/alerts?show=all', '.alert-line', '.detail'],
    ['/incidents?state=all', '.list td.card-head a', '.timeline'],
    ['/plan', '.grid td.cell:not(.cell-none)', '.evidence .quote'],
    ['/agencies', '.list td.card-head a', '.needs'],
    ['/sources', '.list td.card-head a', '.facts'],
    ['/systems', '.list td.card-head a', '.list'],
  ];
  for (const [mode, p] of [['light', page], ['dark', dark]]) {
    for (const [place, first, shown] of ways) {
      await go(p, place);
      await p.locator(first).first().click();
      await p.waitForSelector(shown);
      await settled(p);
      for (const fault of await faults(p, mode === 'dark' ? ['color-contrast'] : undefined)) found.push(`${place} → (${mode}): ${fault}`);
      if (mode === 'light' && ['/agencies', '/systems'].includes(place)) await picture(p, `${name(place)}-one-1440`);
      if (mode === 'dark' && ['/alerts?show=all', '/plan'].includes(place)) await picture(p, `${name(place).replace(/\?.*/, '')}-detail-dark-1440`);
    }
  }
  await close(page);
  await close(dark);
  check(found.length === 0, found.join('\n'));
});

test('details on a phone: alert, incident, evidence', ['lead'], async () => {
  const page = await pageFor('lead', { viewport: PHONE });
  const found = [];
  for (const [place, first, shown, as] of [
    ['/alerts?show=all', '.alert-line', '.detail', 'alert'],
    ['/incidents?state=all', '.list td.card-head a', '.timeline', 'incident'],
    ['/plan', '.column-card', '.evidence .quote', 'evidence'],
  ]) {
    await open(page, place);
    await page.locator(first).first().click();
    await page.waitForSelector(shown);
    await settled(page);
    if (await tooWide(page)) found.push(`${as} is wider than a phone`);
    await picture(page, `${as}-one-390`);
  }
  await close(page);
  check(found.length === 0, found.join('\n'));
});
