import { describe, expect, it } from 'vitest';
import { fill } from '../src/text';

describe('a text', () => {
  it('takes its values by name and leaves what it was not given', () => {
    expect(fill('{a} of {b}', { a: 1, b: 'x' })).toBe('1 of x');
    expect(fill('{a} {missing}', { a: 0 })).toBe('0 {missing}');
  });
  it('counts: one form for one, the other for all else', () => {
    expect(fill('{n} {n#alert waits|alerts wait}', { n: 1 })).toBe('1 alert waits');
    expect(fill('{n} {n#alert waits|alerts wait}', { n: 0 })).toBe('0 alerts wait');
  });
});
