// A source's package: made once, downloaded, its certificate shown and revoked.
import { readFileSync } from 'node:fs';
import { close, open, pageFor, picture, settled } from '../browser.mjs';
import { check, test } from '../tap.mjs';

let asked = 0;

/** Each time another one: a case that is tried once more finds one without certificates, too. */
const anySource = async (page) => {
  const list = await page.evaluate(async () => (await fetch('/api/v1/sources?limit=10')).json());
  return list.items[asked++ % list.items.length].id;
};

test('an officer makes a source\'s package with a key, sees its certificate, and revokes it for a reason', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/sources');
  const id = await anySource(page);
  await open(page, `/sources/${id}`);
  await page.click('.switch button[lang=en]'); // the case before may have left it in Vietnamese
  await page.getByText('This source has no certificate').waitFor();
  await page.getByLabel('How it is given').click();
  await page.getByText('With the key in the package, under a password').last().click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Make the package and download it' }).click()]);
  check(download.suggestedFilename() === `haidang-${id}.zip`, download.suggestedFilename());
  const bytes = readFileSync(await download.path());
  check(bytes.subarray(0, 2).toString() === 'PK' && bytes.length > 2000, 'what was downloaded is no package');
  await page.getByText('The package\'s password').waitFor();
  await page.getByText('In force').waitFor();
  await picture(page, 'enrolment-made');
  await page.getByRole('button', { name: 'Revoke', exact: true }).click();
  const sure = page.locator('.ant-popconfirm-buttons').getByRole('button', { name: 'Revoke', exact: true });
  check(await sure.isDisabled(), 'it can be revoked without a reason');
  await page.getByLabel('Reason').fill('máy bị mất');
  await sure.click();
  await page.getByText('Revoked').waitFor();
  await settled(page);
  check((await page.locator('main').innerText()).includes('máy bị mất'), 'the reason is not shown');
  await picture(page, 'enrolment-revoked');
  await page.click('.switch button[lang=vi]');
  await settled(page);
  await close(page);
});

test('who only watches sees certificates and can neither make nor revoke', ['responder'], async () => {
  const page = await pageFor('responder');
  await open(page, '/sources');
  await open(page, `/sources/${await anySource(page)}`);
  await page.getByRole('heading', { name: 'Certificates of the source' }).waitFor();
  check((await page.getByRole('button', { name: 'Make the package and download it' }).count()) === 0, 'a responder is offered to make packages');
  check((await page.getByRole('button', { name: 'Revoke', exact: true }).count()) === 0, 'a responder is offered to revoke');
  await close(page);
});

test('a source without a network is shown as known only by certificate or token, and to be enrolled', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/sources');
  const id = await anySource(page);
  await page.route(`**/api/v1/sources/${id}`, async (route) => {
    const answer = await route.fetch();
    const given = { ...(await answer.json()), addresses: [], hostname: 'srv-x', token: false, by_credential: true, last_seen: null, connect: { rsyslog: null, logger: null, http: null } };
    await route.fulfill({ response: answer, json: given });
  });
  await open(page, `/sources/${id}`);
  await page.click('.switch button[lang=vi]');
  await page.getByText('chỉ được nhận ra bằng chứng thư hoặc mã truy cập: chưa khai dải mạng').waitFor();
  await page.getByText('Hãy tạo gói cài đặt ở dưới').waitFor();
  await page.click('.switch button[lang=en]');
  await page.getByText('recognised only by certificate or token: no network is given').waitFor();
  check((await page.locator('main').innerText()).includes('srv-x'), 'its host name is not shown');
  await picture(page, 'source-by-credential');
  await page.click('.switch button[lang=vi]');
  await close(page);
});
