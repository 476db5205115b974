import { connect } from 'node:net';
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

for (const still of [false, true]) {
  test(`the query line completes a field and its values, and Enter asks${still ? ', where nothing may move' : ''}`, ['lead'], async () => {
    const page = await pageFor('lead', { still });
    await open(page, '/search?last=43200');
    await page.waitForSelector('.event-line', { timeout: 60_000 });
    await page.locator('.fields-body section h2', { hasText: /^[a-z]/ }).first().waitFor();
    const names = await page.locator('.fields-body section h2').evaluateAll((heads) => heads.map((h) => h.firstChild.textContent.trim()));
    const field = names.find((name) => /^[a-z][a-z_.-]{2,}$/.test(name)); // a field of the events, not a heading in words
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
}

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
  await open(page, `/search?query=${encodeURIComponent('đăng and ((failed')}`);
  await page.waitForSelector('.query-trouble pre');
  const [query, caret] = (await page.locator('.query-trouble pre').innerText()).split('\n');
  check(query === 'đăng and ((failed', `the query is shown as ${query}`);
  check(/^ +\^$/.test(caret) && caret.length === 'đăng and (('.length, `the caret stands at ${caret.length}`);
  await close(page);
});

test('a query with pipes draws its table, a picture, and leads from a value to its lines', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, `/search?last=43200&query=${encodeURIComponent('user:* | count by user | top 5')}`);
  await page.waitForSelector('.found tbody tr');
  await page.waitForSelector('.table-found .chart svg');
  const rows = await page.locator('.found tbody tr').count();
  check(rows > 1 && rows <= 5, `${rows} rows of the five most frequent`);
  await picture(page, 'search-table-1440');
  const value = (await page.locator('.cell-value').first().innerText()).trim();
  const count = Number((await page.locator('.found tbody tr', { hasText: value }).first().locator('td').last().innerText()).replace(/\D/g, ''));
  await page.locator('.cell-value').first().click();
  await page.waitForSelector('.event-line');
  await settled(page);
  check(!(await page.locator('.query-field input').inputValue()).includes('|'), 'the pipes are still there');
  check((await page.locator('.search-foot').innerText()).includes(String(count)), `the lines are not the ${count} that the table counted`);
  check(page.complaints.length === 0, page.complaints.join('\n'));
  await close(page);
});

test('why blocks were skipped is said block by block when asked for', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/search?last=43200&query=sshd');
  await page.locator('.search-foot .link-button').click();
  await page.waitForSelector('.explained tbody tr');
  await settled(page);
  check(/\d{8}\.\w+/.test(await page.locator('.explained tbody').innerText()), 'no block is named');
  await picture(page, 'search-explain-1440');
  await close(page);
});

test('a search is taken along as a file, and its link opens the same', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/search?last=43200&query=sshd');
  await page.waitForSelector('.event-line');
  const coming = page.waitForEvent('download');
  await page.locator('.search-tools button', { hasText: 'CSV' }).click();
  const file = await coming;
  check(/^su-kien-.*\.csv$/.test(file.suggestedFilename()), `it is called ${file.suggestedFilename()}`);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.locator('.search-tools button', { has: page.locator('.anticon-link') }).click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const first = await page.locator('.search-foot').innerText();
  await page.goto(link);
  await page.waitForSelector('.event-line');
  await settled(page);
  check(/from=.*to=/.test(link), `the link ${link} has no fixed range`);
  check((await page.locator('.search-foot').innerText()).split(' ')[0] === first.split(' ')[0], 'the link shows another number of lines');
  await close(page);
});

test('a search is kept, opened again from the list, and dropped', ['lead'], async () => {
  const page = await pageFor('lead');
  const name = `tim ${Date.now()}`;
  await open(page, '/search?last=10080&query=sshd');
  await page.locator('.saved > button').click();
  await page.fill('#saved-name', name);
  await page.press('#saved-name', 'Enter');
  const kept = page.locator('.saved-box li', { hasText: name });
  await kept.waitFor();
  await picture(page, 'search-saved-1440');
  await page.keyboard.press('Escape');
  await open(page, '/search');
  await page.locator('.saved > button').click();
  await kept.locator('.saved-open').click();
  await page.waitForURL((address) => address.searchParams.get('query') === 'sshd' && address.searchParams.get('last') === '10080');
  await page.locator('.saved > button').click();
  await kept.locator('.ant-btn-dangerous').click();
  await kept.waitFor({ state: 'detached' });
  check(page.complaints.length === 0, page.complaints.join('\n'));
  await close(page);
});

/** A line for the server's syslog port, as the page of a source tells it. */
async function send(page, text) {
  const port = await page.evaluate(async () => {
    const list = await (await fetch('/api/v1/sources?limit=50')).json();
    for (const source of list.items) {
      const told = JSON.stringify(await (await fetch(`/api/v1/sources/${source.id}`)).json());
      const found = /127\.0\.0\.1[: ](?:-P )?(\d+)/.exec(told);
      if (found) return Number(found[1]);
    }
    return 0;
  });
  check(port > 0, 'no source tells where to send to');
  await new Promise((done, fail) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(`${text}\n`));
    socket.on('close', done).on('error', fail);
  });
}

test('a live tail shows a new line by itself, holds it while one reads below, and shows it then', ['lead'], async () => {
  const page = await pageFor('lead');
  await open(page, '/search?live=1&last=43200');
  await page.waitForSelector('.event-line');
  await page.locator('.live-bar [role=status]', { hasText: /Đang nghe|Listening/ }).waitFor();
  const word = `song${Date.now()}`;
  await send(page, `<13>1 - may-thu thu - - - ${word} mot`);
  await page.locator('.event-line', { hasText: `${word} mot` }).first().waitFor();
  await picture(page, 'search-live-1440');
  await page.locator('.results-panel').evaluate((panel) => panel.scrollTo(0, 2000));
  await page.locator('.live-bar button.ant-btn-primary, .live-bar [role=status]', { hasText: /Tạm dừng|tạm dừng|Paused/ }).first().waitFor();
  await send(page, `<13>1 - may-thu thu - - - ${word} hai`);
  await page.locator('.live-bar button.ant-btn-primary').waitFor();
  check((await page.locator('.event-line', { hasText: `${word} hai` }).count()) === 0, 'the list moved under the reader');
  await page.locator('.live-bar button').click();
  await page.locator('.event-line', { hasText: `${word} hai` }).first().waitFor();
  check(page.complaints.length === 0, page.complaints.join('\n'));
  await close(page);
});
