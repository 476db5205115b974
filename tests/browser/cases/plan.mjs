import { close, open, pageFor, picture, settled } from '../browser.mjs';
import { check, test } from '../tap.mjs';

test('the plan matrix is read by keyboard and a cell opens its evidence', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/plan');
  await page.waitForSelector('.grid td.cell');
  check((await page.locator('.grid tbody th[scope=row]').count()) >= 10, 'the plan shows fewer than ten obligations');
  await picture(page, 'matrix-1440');
  await page.locator('.grid td[data-row="0"][data-column="0"]').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  check(
    await page.evaluate(() => document.activeElement?.getAttribute('data-row') === '1' && document.activeElement?.getAttribute('data-column') === '1'),
    'the arrows do not walk the cells',
  );
  const cell = page.locator('.grid td.cell:not(.cell-none)').first();
  await cell.focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('.evidence .quote');
  check((await page.locator('.evidence .quote').innerText()).length > 20, 'the plan is not quoted');
  check(/cell=/.test(page.url()), 'the open drawer is not in the address');
  await page.reload();
  await page.waitForSelector('.evidence .quote');
  await page.keyboard.press('Escape');
  await page.waitForSelector('.evidence', { state: 'detached' });
  check(page.complaints.length === 0, page.complaints.join('\n'));
  await close(page);
});

test('from a figure the way leads to its rows, the source and the log lines', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/plan');
  // A measured cell: one whose basis the label names.
  const cells = await page.locator('.grid td.cell[aria-label*="Hệ thống đo"]').all();
  check(cells.length > 0, 'no cell is measured by the system');
  let found = false;
  for (const cell of cells.slice(0, 30)) {
    await cell.click();
    await page.waitForSelector('.evidence .quote');
    await settled(page);
    const link = page.locator('.evidence-rows a[href^="/sources/"]').first();
    if ((await link.count()) === 0) continue;
    await picture(page, 'evidence-1440');
    const lines = page.locator('.evidence-rows a[href^="/search?"]').first();
    check((await lines.count()) > 0, 'the row does not lead to its log lines');
    await link.click();
    await page.waitForURL(/\/sources\//);
    await settled(page);
    if ((await page.locator('.lines li').count()) === 0) {
      await page.goBack();
      await page.waitForSelector('.evidence .quote');
      continue;
    }
    await picture(page, 'source-1440');
    await page.click('.page-tools a[href^="/search?"]');
    await page.waitForSelector('.event-line');
    await settled(page);
    found = true;
    break;
  }
  check(found, 'no measured cell leads to a source with lines');
  check((await page.locator('.event-line').count()) > 0, 'the search shows no line');
  check(page.complaints.length === 0, page.complaints.join('\n'));
  await close(page);
});

test('the matrix filters by standing and clause, and the address keeps it', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/plan');
  const all = await page.locator('.grid tbody th[scope=row]').count();
  await page.locator('.page-tools .chip').nth(1).click();
  await page.waitForURL(/standing=/);
  const some = await page.locator('.grid tbody th[scope=row]').count();
  check(some <= all && some > 0, `${some} of ${all} rows after filtering`);
  await page.reload();
  await settled(page);
  check((await page.locator('.chip-on').count()) === 1, 'the filter is not kept');
  await close(page);
});

test("the plan's own text shows what is covered", ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/plan/text');
  await page.waitForSelector('.plan-text a.text-covered');
  await picture(page, 'plan-text-1440');
  await page.locator('.plan-text a.text-covered').first().click();
  await page.waitForURL(/\/plan\?clause=/);
  await close(page);
});

test('the report comes as a Word file', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/plan/report');
  const coming = page.waitForEvent('download');
  await page.click('.panel .ant-btn-primary');
  const file = await coming;
  check(/\.docx$/.test(file.suggestedFilename()), `it is called ${file.suggestedFilename()}`);
  await close(page);
});

test("the leader's page has three sentences and fits one A4", ['leader'], async () => {
  const page = await pageFor('leader');
  await open(page, '/');
  check((await page.locator('.sentences p').count()) === 3, 'not three sentences');
  await page.emulateMedia({ media: 'print' });
  const paper = await page.pdf({ preferCSSPageSize: true, printBackground: true });
  const pages = paper.toString('latin1').match(/\/Type\s*\/Page[^s]/g)?.length ?? 0;
  check(pages === 1, `it takes ${pages} pages`);
  await close(page);
});

test('an agency declares, the lead sends it back and reminds, the agency sees both and acknowledges', ['lead', 'agency'], async () => {
  const own = await pageFor('agency');
  await open(own, '/');
  const id = await own.evaluate(async () => (await (await fetch('/api/v1/session')).json()).agency.id);
  const cell = `/plan?cell=${encodeURIComponent(`III.1.b~${id}`)}`;
  const title = `Quy chế ${Date.now()}`;
  await open(own, cell);
  await own.locator('.record-moves button').first().click();
  await own.fill('#declare-title', title);
  await own.fill('#declare-document', '12/QĐ-UBND');
  await picture(own, 'evidence-declare-1440');
  await own.locator('.inline-form button[type=submit]').click();
  await own.locator('.record-list', { hasText: title }).waitFor();

  const lead = await pageFor('lead');
  await open(lead, cell);
  const row = lead.locator('.record-list li', { hasText: title });
  await row.locator('button').click();
  const reason = `thiếu chữ ký ${Date.now()}`;
  await lead.fill('#return-reason', reason);
  await row.locator('button[type=submit]').click();
  await row.locator('.field-error', { hasText: reason }).waitFor();
  await lead.locator('.record-moves button', { hasText: /Nhắc|Remind/ }).click();
  const words = `nhắc lần ${Date.now()}`;
  await lead.fill('#remind-text', words);
  await lead.locator('.inline-form button[type=submit]').click();
  await lead.locator('.record-list li', { hasText: words }).waitFor();
  await picture(lead, 'evidence-record-1440');
  check(lead.complaints.length === 0, lead.complaints.join('\n'));
  await close(lead);

  await open(own, '/');
  await own.locator('.waits-for-us', { hasText: reason }).waitFor();
  await picture(own, 'home-agency-waiting-1440');
  const notice = own.locator('.waits-for-us li', { hasText: words });
  await notice.locator('button').click();
  await notice.waitFor({ state: 'detached' });
  check(own.complaints.length === 0, own.complaints.join('\n'));
  await close(own);
});
