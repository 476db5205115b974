import { close, open, pageFor, picture, settled } from '../browser.mjs';
import { check, test } from '../tap.mjs';

test('a search shows lines, fields, histogram and what was read; a click on a value filters', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/search?last=43200');
  await page.waitForSelector('.event-line', { timeout: 60_000 });
  await page.waitForSelector('.histogram svg');
  check((await page.locator('.search-foot').innerText()).length > 20, 'the foot does not say what was read');
  await page.locator('.field-value').first().click();
  await page.waitForURL(/query=/);
  await settled(page);
  await page.waitForSelector('.event-line');
  await page.locator('.event-line').first().click();
  await page.waitForSelector('.event-raw');
  await picture(page, 'search-open-1440');
  await page.locator('.event-line').first().click();
  await picture(page, 'search-1440');
  check(page.complaints.length === 0, page.complaints.join('\n'));
  await close(page);
});

test('the query line completes a field and its values, and Enter asks', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/search?last=43200');
  await page.waitForSelector('.event-line', { timeout: 60_000 });
  const names = await page.locator('.fields-body section h2').evaluateAll((heads) => heads.map((h) => h.firstChild.textContent.trim()));
  const field = names.find((name) => /^[a-z_.-]{3,}$/i.test(name));
  check(field !== undefined, `no field of the events is listed: ${names}`);
  const input = page.locator('.query-field input');
  await input.click();
  await input.pressSequentially(field.slice(0, 3));
  await page.locator(`.ant-select-item-option[title="${field}"], .ant-select-item-option >> text="${field}"`).first().click();
  check((await input.inputValue()) === `${field}:`, `the field became ${await input.inputValue()}`);
  await page.locator('.ant-select-item-option').first().click();
  const query = (await input.inputValue()).trim();
  check(query.length > field.length + 2, `the value became ${query}`);
  await input.press('Escape');
  await input.press('Enter');
  await page.waitForURL((address) => address.searchParams.get('query') === query);
  await page.waitForSelector('.event-line');
  await close(page);
});

test('a drag over the histogram sets the range', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/search?last=1440');
  await page.waitForSelector('.histogram svg path', { state: 'attached' });
  const box = await page.locator('.histogram .chart > div').boundingBox();
  await page.mouse.move(box.x + box.width * 0.4, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + 55, { steps: 4 });
  await page.mouse.move(box.x + box.width * 0.6, box.y + 55, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/from=.*to=/);
  await page.waitForSelector('.range-line input');
  check((await page.locator('.range-line input').count()) === 2, 'the chosen range is not shown');
  await close(page);
});

test('a query that is wrong is answered with its place', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, `/search?query=${encodeURIComponent('((failed')}`);
  await page.waitForSelector('.trouble');
  check((await page.locator('.trouble').innerText()).includes('((failed'), 'the query is not shown with the place marked');
  await close(page);
});
