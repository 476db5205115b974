import { close, open, pageFor, picture, settled } from '../browser.mjs';
import { check, test } from '../tap.mjs';

test('an alert becomes an incident by keyboard, with time line, clock and the way to its obligation', ['responder'], async () => {
  const page = await pageFor('responder');
  await open(page, '/alerts');
  await page.waitForSelector('.alert-line', { timeout: 60_000 });
  await page.keyboard.press('j');
  await page.waitForSelector('.detail h2');
  await settled(page);
  await page.keyboard.press('e');
  await page.waitForSelector('#incident-title');
  await picture(page, 'escalate-1440');
  const answer = page.waitForResponse((r) => r.url().includes('/escalate'));
  await page.press('#incident-title', 'Enter');
  check((await answer).status() === 200, `escalating answered ${(await answer).status()}`);
  check(!('title' in (await answer).request().postDataJSON()), 'a title that nobody wrote was sent as a person\'s');
  await page.click('.detail header a[href^="/incidents/"]');
  await page.waitForSelector('.timeline .entry');
  await settled(page);
  check((await page.locator('.entry-alert').count()) >= 1, 'the time line does not show the alert');
  check((await page.locator('.clock .countdown').count()) >= 1, 'no clock of the regime runs');
  await picture(page, 'incident-new-1440');
  const moved = page.waitForResponse((r) => r.url().endsWith('/moves'));
  await page.fill('#move-note', 'Đã gọi đơn vị, xác nhận có xâm nhập.');
  await page.click('.moves .ant-btn-primary');
  check((await moved).status() === 200, `confirming answered ${(await moved).status()}`);
  await page.waitForSelector('.entry-move');
  check((await page.locator('.entry-move').innerText()).includes('Đã gọi đơn vị'), 'the note did not go with the move');
  check((await page.inputValue('#move-note')) === '', 'the note was not cleared after it was sent');
  await picture(page, 'incident-1440');
  check(page.complaints.length === 0, page.complaints.join('\n'));
  await close(page);
});

test('a note that was not sent survives a reload', ['responder'], async () => {
  const page = await pageFor('responder');
  await open(page, '/incidents');
  await page.click('.list td.card-head a');
  await page.waitForSelector('#move-note');
  await page.fill('#move-note', 'chưa gửi');
  await page.reload();
  await page.waitForSelector('#move-note');
  check((await page.inputValue('#move-note')) === 'chưa gửi', 'the draft is lost');
  await close(page);
});

test('from the list of incidents a case opens', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/incidents');
  await page.waitForSelector('.list td.card-head a');
  await page.click('.list td.card-head a');
  await page.waitForSelector('.timeline .entry');
  await close(page);
});

test('the evidence package comes as a file, and stands in the time line', ['lead'], async () => {
  for (const [width, height] of [[1440, 900], [390, 844]]) {
    const page = await pageFor('lead', { viewport: { width, height } });
    await open(page, '/incidents');
    await page.click('.list td.card-head a');
    await page.waitForSelector('#package-reason');
    check(await page.isDisabled('.panel:has(#package-reason) button'), 'it is taken without a reason');
    await page.fill('#package-reason', `công an yêu cầu ${width}`);
    const file = page.waitForEvent('download');
    await page.click('.panel:has(#package-reason) button');
    check(/^haidang-SC-\d{4}-\d+\.zip$/.test((await file).suggestedFilename()), (await file).suggestedFilename());
    await page.waitForFunction((words) => document.querySelector('.timeline').innerText.includes(words), `công an yêu cầu ${width}`);
    await page.locator('#package-reason').scrollIntoViewIfNeeded();
    await settled(page);
    await picture(page, `incident-package-${width}`);
    check(page.complaints.length === 0, page.complaints.join('\n'));
    await close(page);
  }
});
