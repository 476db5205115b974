import { close, open, pageFor, picture, settled, url } from '../browser.mjs';
import { check, test } from '../tap.mjs';

test('an address that does not exist says so and leads on', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/khong-co-trang-nay');
  check((await page.locator('main').innerText()).includes('/khong-co-trang-nay'), 'the address is not named');
  await picture(page, 'missing-1440');
  await page.click('.trouble a');
  await settled(page);
  await close(page);
});

test('a place of another role is refused in plain words, in the console and by the server', ['agency'], async () => {
  const page = await pageFor('agency');
  await open(page, '/users');
  check((await page.locator('main .trouble').count()) === 1, 'the page opened');
  const answer = await page.request.get(`${url}/api/v1/users`);
  check(answer.status() === 403, `the server answered ${answer.status()}`);
  const error = (await answer.json()).error;
  check(error.sentence.length > 5 && error.code === 'role_denied', JSON.stringify(error));
  await close(page);
});

test('an agency sees nothing of another agency', ['agency', 'lead'], async () => {
  const page = await pageFor('agency');
  await open(page, '/');
  const me = await (await page.request.get(`${url}/api/v1/session`)).json();
  for (const path of ['/sources', '/systems', '/alerts', '/incidents']) {
    const list = await (await page.request.get(`${url}/api/v1${path}?limit=1000`)).json();
    const foreign = list.items.filter((x) => x.agency?.id !== me.agency.id);
    check(foreign.length === 0, `${path} shows ${foreign.length} of others`);
  }
  const lead = await pageFor('lead');
  const agencies = await (await lead.request.get(`${url}/api/v1/agencies?limit=1000`)).json();
  const other = agencies.items.find((a) => a.id !== me.agency.id);
  const answer = await page.request.get(`${url}/api/v1/agencies/${other.id}`);
  check(answer.status() === 404, `another agency's page answered ${answer.status()}`);
  await close(page);
  await close(lead);
});

test('a change without the token of the session is refused', ['responder'], async () => {
  const page = await pageFor('responder');
  const answer = await page.request.post(`${url}/api/v1/alerts/1/take`);
  check(answer.status() === 403, `it answered ${answer.status()}`);
  await close(page);
});

test('when the server falls silent the page stays, says so, and comes back by itself', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/search');
  await page.fill('.query-field input', 'chưa gửi đi');
  await page.route('**/api/v1/**', (route) => route.abort());
  await page.click('.query-line .ant-btn-primary');
  await page.waitForSelector('.trouble');
  check((await page.inputValue('.query-field input')) === 'chưa gửi đi', 'what was typed is lost');
  await picture(page, 'dead-1440');
  await page.unroute('**/api/v1/**');
  await page.click('.trouble .ant-btn');
  await page.waitForSelector('.trouble', { state: 'detached' });
  await close(page);
});
