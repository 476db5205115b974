// Rules: one opened, its limit set, one tried over the archive; an exception made from an alert.
import { PHONE, close, open, pageFor, picture, settled } from '../browser.mjs';
import { check, test } from '../tap.mjs';

const RULE = `title: Every refused password
logsource: { product: linux, service: sshd }
detection:
  selection:
    action: failed
  condition: selection
level: low
`;

async function tried(page, rule) {
  await page.fill('#backtest-rule', rule);
  await page.locator('form.inline-form button[type=submit]').first().click();
}

test('a rule tried over the archive: a bar a day, its table, examples that lead to their lines', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/rules?try=new');
  await tried(page, RULE);
  await page.waitForSelector('main .why a[href^="/search"]');
  await settled(page);
  await page.waitForSelector('main figure svg');
  check((await page.locator('main .chart-table tbody tr').count()) === 7, 'no row for each day behind the picture');
  await picture(page, 'rules-try-1440');
  await page.setViewportSize(PHONE);
  await picture(page, 'rules-try-390');
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.locator('main .why a[href^="/search"]').first().click();
  await page.waitForSelector('main .page');
  await settled(page);
  check(page.url().includes('/search?query=id'), `the example led to ${page.url()}`);
  check(page.complaints.length === 0, page.complaints.join('\n'));
  await close(page);
});

test('a wrong rule is told with its line and column', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/rules?try=new');
  await tried(page, RULE.replace('action:', 'action|containz:'));
  await page.waitForSelector('main [role=alert]');
  check(/5.*containz/s.test(await page.locator('main [role=alert]').innerText()), await page.locator('main [role=alert]').innerText());
  await picture(page, 'rules-try-wrong-1440');
  await close(page);
});

test('a rule opens with its text, its limit is set, and what detection lost stands below', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/rules');
  await page.locator('table.list .link-button').nth(6).click();
  await page.waitForSelector('#limit-most');
  await page.fill('#limit-most', '50');
  const set = page.waitForResponse((r) => r.url().endsWith('/limit'));
  await page.press('#limit-most', 'Enter');
  check((await set).status() === 200, `the limit answered ${(await set).status()}`);
  await settled(page);
  check((await page.inputValue('#limit-most')) === '50', 'the limit is not shown');
  await picture(page, 'rules-one-1440');
  check(page.complaints.length === 0, page.complaints.join('\n'));
  await close(page);
});

test('f opens an exception, pre-filled, with how many past alerts it would have silenced; it is made and ended', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/alerts?show=all');
  await page.waitForSelector('.triage-list .alert-line', { timeout: 60_000 });
  await page.keyboard.press('j');
  await page.waitForSelector('.detail h2');
  await settled(page);
  const take = page.locator('.detail .actions kbd', { hasText: /^t$/ });
  if (await take.count()) {
    await page.keyboard.press('t');
    await page.waitForSelector('.detail .state-taken');
    await settled(page);
  }
  await page.keyboard.press('f');
  await page.waitForSelector('#except-conditions');
  check((await page.inputValue('#except-conditions')).includes(' = '), 'no condition is pre-filled');
  await page.waitForFunction(() => /\d/.test(document.querySelector('.except-preview')?.textContent ?? ''));
  await picture(page, 'except-1440');
  await page.setViewportSize(PHONE);
  await picture(page, 'except-390');
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.fill('#except-reason', 'máy quét của chúng ta');
  const made = page.waitForResponse((r) => r.url().endsWith('/exceptions') && r.request().method() === 'POST');
  await page.press('#except-reason', 'Enter');
  check((await made).status() === 201, `the exception answered ${(await made).status()}`);
  const id = (await (await made).json()).id;
  await open(page, '/rules');
  const ended = page.waitForResponse((r) => r.url().endsWith(`/exceptions/${id}/end`));
  await page.locator('tr', { hasText: 'máy quét của chúng ta' }).locator('button').last().click();
  check((await ended).status() === 200, `ending answered ${(await ended).status()}`);
  check(page.complaints.length === 0, page.complaints.join('\n'));
  await close(page);
});

test('a rule of indicators: a feed is looked through with its faults, taken, found, and taken away', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/indicators');
  await page.fill('#feed-source', 'thu nghiem');
  await page.fill('#feed-text', '203.0.113.199\nxau.example\nkhông phải dấu hiệu\n');
  await page.press('#feed-source', 'Enter');
  await page.waitForSelector('main [role=status] .field-error');
  check((await page.locator('main [role=status]').innerText()).includes('feed:3'), await page.locator('main [role=status]').innerText());
  await picture(page, 'indicators-look-1440');
  const stored = page.waitForResponse((r) => r.url().endsWith('/indicators/feeds') && r.request().method() === 'POST');
  await page.locator('form .ant-btn-primary').click();
  check((await (await stored).json()).stored, 'the feed was not stored');
  await page.waitForSelector('td:has-text("xau.example")');
  await settled(page);
  await picture(page, 'indicators-1440');
  await page.setViewportSize(PHONE);
  await picture(page, 'indicators-390');
  await page.setViewportSize({ width: 1440, height: 900 });
  const row = page.locator('tr', { hasText: 'thu nghiem' }).first();
  await row.locator('button').click();
  const gone = page.waitForResponse((r) => r.request().method() === 'DELETE');
  await row.locator('button').click();
  check((await gone).status() === 200, `taking away answered ${(await gone).status()}`);
  await page.waitForSelector('td:has-text("xau.example")', { state: 'detached' });
  check(page.complaints.length === 0, page.complaints.join('\n'));
  await close(page);
});
