// Chromium, a page for a role, and a note of everything that the page complains about.
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const url = (process.env.HAIDANG_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');
export const users = JSON.parse(process.env.HAIDANG_USERS ?? '{}');
export const pictures = process.env.HAIDANG_SCREENSHOTS ?? join(root, 'build/screenshots');
mkdirSync(pictures, { recursive: true });

export const WIDE = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };
/** Milliseconds that a step may take; a busy machine is slow. */
export const PATIENCE = 1000 * Number(process.env.HAIDANG_PATIENCE ?? 30);

/** What the console remembers of a log-in; all else in its store is of a case. */
const SIGNED_IN = 'haidang.session';

let browser;
const sessions = new Map();
const kept = new Map();

export async function start() {
  browser = await chromium.launch({
    executablePath: process.env.HAIDANG_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
}
export const stop = () => browser?.close();

const contextFor = ({ viewport = WIDE, mode = 'light', still = false, storage } = {}) =>
  browser.newContext({ viewport, colorScheme: mode, reducedMotion: still ? 'reduce' : 'no-preference', locale: 'vi-VN', timezoneId: 'Asia/Ho_Chi_Minh', storageState: storage });

async function pageIn(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`page: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    complaints.push(`console: ${message.text()} (${message.location().url ?? ''})`);
  });
  page.complaints = complaints;
  return page;
}

/** A page without a session; `still` for somebody who wants nothing to move. `complaints` fills with errors of the page and its console. */
export const stranger = async (options) => pageIn(await contextFor(options));

export async function logIn(page, role) {
  await page.goto(`${url}/`);
  await page.fill('#login-name', users[role].name);
  await page.fill('#login-password', users[role].password);
  await page.press('#login-password', 'Enter');
  await page.waitForSelector('.page h1');
}

/** A page of somebody with this role: a tab of the browser that they keep, which knows the console already and nothing of the last case. */
export async function pageFor(role, options = {}) {
  if (!sessions.has(role)) {
    const first = await stranger();
    await logIn(first, role);
    sessions.set(role, await first.context().storageState());
    await close(first);
  }
  const whose = JSON.stringify([role, options]);
  if (!kept.has(whose)) kept.set(whose, await contextFor({ ...options, storage: sessions.get(role) }));
  return pageIn(kept.get(whose));
}

/** Opens an address and waits until nothing is on its way any more. */
export async function open(page, path) {
  await page.goto(`${url}${path}`);
  await settled(page);
}

export async function settled(page) {
  await page.waitForSelector('main .page h1, main .page h2');
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
  await page.evaluate(() => document.fonts.ready);
}

export async function picture(page, name) {
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

export async function close(page) {
  const context = page.context();
  if (![...kept.values()].includes(context)) return context.close();
  if (page.url().startsWith(url)) await page.evaluate((mark) => Object.keys(localStorage).filter((key) => key !== mark).forEach((key) => localStorage.removeItem(key)), SIGNED_IN);
  return page.close();
}
