import { describe, expect, it } from 'vitest';
import { marked, quoted, typing, wanted, withFilter } from '../src/parts/query';

describe('a filter added to a query', () => {
  it.each([
    ['', 'user', 'admin', false, 'user:=admin'],
    ['', 'agency', 'so-tttt', false, 'agency:so-tttt'],
    ['failed', 'user', 'admin', false, 'failed and user:=admin'],
    ['failed', 'user', 'admin', true, 'failed and not user:=admin'],
    ['a or b', 'user', 'admin', false, '(a or b) and user:=admin'],
    ['(a or b)', 'user', 'admin', false, '(a or b) and user:=admin'],
    ['user:=admin', 'user', 'admin', false, 'user:=admin'],
    ['', 'message', 'Failed password', false, 'message:="Failed password"'],
    ['', 'path', 'a "b" c', false, 'path:="a \\"b\\" c"'],
    ['', 'cs-uri-stem', '/etc/*', false, 'cs-uri-stem:="/etc/*"'],
    ['failed | count by user', 'user', 'admin', true, 'failed and not user:=admin | count by user'],
    ['* | top user', 'user', 'admin', false, 'user:=admin | top user'],
    ['"a|b" | count', 'user', 'x', false, '"a|b" and user:=x | count'],
    ['raw:/a|b/', 'user', 'x', false, 'raw:/a|b/ and user:=x'],
  ])('%j with %s=%s (out: %s) becomes %j', (query, field, value, out, expected) => {
    expect(withFilter(query, field, value, out)).toBe(expected);
  });

  it('quotes words that the language would take for its own', () => {
    expect(quoted('or')).toBe('"or"');
    expect(quoted('Sở')).toBe('Sở');
    expect(quoted('10.0.0.1')).toBe('10.0.0.1');
  });
});

describe('the words to mark', () => {
  it('are words, phrases and values, but not what is excluded or the language itself', () => {
    expect(wanted('failed and "invalid user" or src_ip:203.0.113.77 not user:root | count by user')).toEqual(['failed', 'invalid user', '203.0.113.77']);
    expect(wanted('(sshd* or *nginx)')).toEqual(['sshd', 'nginx']);
  });

  it('are found in a line without regard to case, and signs of regexes mean themselves', () => {
    expect(marked('Failed (a+b) failed', ['failed', '(a+b)']).filter((p) => p.mark).map((p) => p.text)).toEqual(['Failed', '(a+b)', 'failed']);
    expect(marked('nothing', [])).toEqual([{ text: 'nothing', mark: false }]);
  });
});

describe('what is being typed', () => {
  it.each([
    ['src', { before: '', field: null, word: 'src' }],
    ['failed and us', { before: 'failed and ', field: null, word: 'us' }],
    ['user:ad', { before: '', field: 'user', word: 'ad' }],
    ['(user:"ad', { before: '(', field: 'user', word: 'ad' }],
    ['failed | ', { before: 'failed | ', field: null, word: '', pipe: 'name' }],
    ['failed |co', { before: 'failed |', field: null, word: 'co', pipe: 'name' }],
    ['failed | count by us', { before: 'failed | count by ', field: null, word: 'us', pipe: 'rest' }],
  ])('%j', (query, expected) => {
    expect(typing(query)).toEqual(expected);
  });
});
