import { describe, expect, it } from 'vitest';
import { ordered, said } from '../src/parts/event';

describe('an event in a row', () => {
  it('reads as its program said it, without the header', () => {
    expect(said({ raw: '<38>Nov 24 10:00:00 web sshd[7]: Failed', fields: { program: 'sshd', pid: '7', message: 'Failed' } })).toBe('sshd[7]: Failed');
    expect(said({ raw: 'x', fields: { program: 'cron', message: 'ran' } })).toBe('cron: ran');
  });
  it('reads as a request where the line is an object of a web server', () => {
    const fields = { 'c-ip': '192.0.2.1', 'cs-method': 'GET', 'cs-uri-stem': '/a', 'cs-uri-query': 'b=1', 'sc-status': 404, 'c-useragent': 'x' };
    expect(said({ raw: '{"c-ip":…}', fields })).toBe('192.0.2.1 GET /a?b=1 404 "x"');
  });
  it('reads as it came where no header was read', () => {
    expect(said({ raw: 'a line', fields: {} })).toBe('a line');
    expect(said({ raw: '{"message":"m"}', fields: { message: 'm' } })).toBe('{"message":"m"}');
  });
});

describe('the list of fields', () => {
  it('has what says most first and leaves out what is the line again', () => {
    const names = ['message', 'zone', 'src_ip', 'pid', 'agency', 'severity', 'facility', 'user'].map((field) => ({ field }));
    expect(ordered(names).map((f) => f.field)).toEqual(['agency', 'src_ip', 'user', 'zone']);
  });
});
