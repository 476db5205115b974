// What people download, compressed as a server sends it. Built first: `npm run build`.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const dist = join(__dirname, '../dist');
const FIRST_LOAD = 500_000;
const ROUTE = 150_000;

const size = (name: string) => {
  const bytes = readFileSync(join(dist, name));
  return name.endsWith('.woff2') ? bytes.length : gzipSync(bytes).length;
};

describe('the built console', () => {
  it('is built', () => {
    expect(existsSync(join(dist, 'index.html')), 'console/dist is missing: run `npm run build` first').toBe(true);
  });

  const html = existsSync(dist) ? readFileSync(join(dist, 'index.html'), 'utf8') : '';
  const assets = existsSync(dist) ? readdirSync(join(dist, 'assets')).map((f) => `assets/${f}`) : [];
  const first = assets.filter((f) => html.includes(f));
  const charts = assets.filter((f) => /\/charts-/.test(f));

  it(`loads first at most ${FIRST_LOAD / 1000} kB: page, scripts, style, every font and the home page`, () => {
    const loaded = ['index.html', ...first, ...assets.filter((f) => f.endsWith('.woff2') || /\/Home-/.test(f))];
    const sum = loaded.reduce((n, f) => n + size(f), 0);
    console.info(`first load: ${(sum / 1000).toFixed(1)} kB of ${loaded.length} files`);
    expect(sum).toBeLessThanOrEqual(FIRST_LOAD);
  });

  it(`has no route chunk above ${ROUTE / 1000} kB beside the chart library`, () => {
    expect(charts.length).toBe(1);
    const later = assets.filter((f) => /\.(js|css)$/.test(f) && !first.includes(f) && !charts.includes(f));
    for (const f of later) expect(size(f), f).toBeLessThanOrEqual(ROUTE);
  });

  it('does not load the chart library before a page draws', () => {
    for (const f of charts) expect(first).not.toContain(f);
  });

  it('asks no foreign host for anything', () => {
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    for (const f of assets.filter((a) => a.endsWith('.css'))) expect(readFileSync(join(dist, f), 'utf8')).not.toMatch(/url\((?:https?:)?\/\//);
  });
});
