import { close, logIn, pageFor, picture, settled, stranger, url, users } from '../browser.mjs';
import { check, test } from '../tap.mjs';

test('a wrong password is refused with a sentence, and what was typed stays', ['lead'], async () => {
  const page = await stranger();
  await page.goto(url);
  await page.fill('#login-name', users.lead.name);
  await page.fill('#login-password', 'not the password');
  await page.press('#login-password', 'Enter');
  const words = await page.locator('[role=alert]').innerText();
  check(words.trim().length > 10, `the refusal says only: ${words}`);
  check((await page.inputValue('#login-name')) === users.lead.name, 'the name was lost');
  await picture(page, 'login-1440');
  await close(page);
});

test('after logging in the page that was asked for opens', ['lead'], async () => {
  const page = await stranger();
  await page.goto(`${url}/agencies?words=nha`);
  await page.fill('#login-name', users.lead.name);
  await page.fill('#login-password', users.lead.password);
  await page.press('#login-password', 'Enter');
  await settled(page);
  check(page.url().endsWith('/agencies?words=nha'), `it opened ${page.url()}`);
  await close(page);
});

test('English is one click away and the way back another', ['lead'], async () => {
  const page = await stranger();
  await logIn(page, 'lead');
  await page.click('.switch button[lang=en]');
  await page.waitForSelector('.rail >> text=Overview');
  check((await page.getAttribute('html', 'lang')) === 'en', 'the page does not say that it is English');
  await settled(page);
  await page.screenshot({ path: `${(await import('../browser.mjs')).pictures}/home-lead-english-1440.png` });
  await page.reload();
  await page.waitForSelector('.rail >> text=Overview');
  await page.click('.switch button[lang=vi]');
  await page.waitForSelector('.rail >> text=Tổng quan');
  await settled(page);
  await close(page);
});

test('logging out ends the session for good', ['lead'], async () => {
  const page = await stranger();
  await logIn(page, 'lead');
  await page.click('.rail .leave');
  await page.waitForSelector('#login-name');
  await page.goBack().catch(() => undefined);
  await page.goto(`${url}/alerts`);
  await page.waitForSelector('#login-name');
  await close(page);
});

test('Ctrl K finds an agency without its diacritics', ['lead'], async () => {
  const page = await pageFor('lead');
  await page.goto(url);
  await settled(page);
  await page.keyboard.press('Control+k');
  await page.waitForSelector('.palette input');
  await page.keyboard.type('nha trang');
  await page.waitForSelector('.palette [role=option] >> text=/Nha Trang/');
  await picture(page, 'palette-1440');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/(agencies|systems)\//);
  await close(page);
});
