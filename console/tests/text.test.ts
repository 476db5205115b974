// Words: both languages complete, every key used, no words left in code.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import en from '../src/text/en.json';
import vi from '../src/text/vi.json';

const source = join(__dirname, '../src');
const files = (readdirSync(source, { recursive: true }) as string[])
  .filter((f) => /\.tsx?$/.test(f) && !f.endsWith('schema.d.ts'))
  .map((f) => ({ name: f, text: readFileSync(join(source, f), 'utf8') }));
const code = (text: string) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1');
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)[#}]/g)].map((m) => m[1]).sort();

describe('the words of the console', () => {
  it('stand in both languages under the same keys', () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(vi).sort());
  });

  it('are never empty', () => {
    for (const [key, text] of [...Object.entries(vi), ...Object.entries(en)]) expect(text.trim(), key).not.toBe('');
  });

  it('fill in the same values in both languages, counting words apart', () => {
    for (const key of Object.keys(vi) as (keyof typeof vi)[]) {
      const inEnglish = new Set(placeholders(en[key]));
      const inVietnamese = new Set(placeholders(vi[key]));
      for (const name of inVietnamese) expect(inEnglish, `${key}: ${name}`).toContain(name);
      for (const name of inEnglish) if (en[key].includes(`{${name}}`)) expect(inVietnamese, `${key}: ${name}`).toContain(name);
    }
  });

  it('are all used', () => {
    const all = files.map((f) => f.text).join('\n');
    const families = [...all.matchAll(/`([a-z_]+\.[a-z_]*)\$\{/g)].map((m) => m[1]!);
    const unused = Object.keys(vi).filter((key) => !new RegExp(`['"\`]${key.replace('.', '\\.')}['"\`]`).test(all) && !families.some((f) => key.startsWith(f)));
    expect(unused).toEqual([]);
  });

  it('are written with composed diacritics', () => {
    for (const [key, text] of Object.entries(vi)) expect(text, key).toBe(text.normalize('NFC'));
  });

  it('do not stand in code', () => {
    const found: string[] = [];
    for (const { name, text } of files) {
      // The names of units beside their English are a table of the language itself.
      if (name.endsWith('format.ts')) continue;
      for (const line of code(text).split('\n')) {
        const bare = line.replace(/Hải Đăng/g, '');
        if (/[ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ]/i.test(bare)) found.push(`${name}: ${line.trim()}`);
        const between = />([^<>{}=;()]*[A-Za-z]{3,}[^<>{}=;()]*)<\//.exec(bare);
        if (name.endsWith('.tsx') && between && !/^(Ctrl K|j|k|t|f|e|r|c|Esc)$/.test(between[1]!.trim())) {
          if (!/<kbd>|<code>/.test(bare)) found.push(`${name}: ${line.trim()}`);
        }
      }
    }
    expect(found).toEqual([]);
  });
});
