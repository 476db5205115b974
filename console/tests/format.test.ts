import { describe, expect, it } from 'vitest';
import * as format from '../src/text/format';

describe('numbers and times', () => {
  it('are written as each language writes them', () => {
    expect(format.number('vi', 1234.5, 1)).toBe('1.234,5');
    expect(format.number('en', 1234.5, 1)).toBe('1,234.5');
    expect(format.bytes('vi', 1_900_000_000)).toBe('1,9 GB');
  });

  it('are of Vietnam wherever the browser stands', () => {
    expect(format.exact('vi', '2026-11-23T18:30:05Z')).toBe('24/11/2026 01:30:05');
    expect(format.dayMonth('vi', '2026-11-23T18:30:05Z')).toBe('24/11');
    expect(format.localDay(Date.parse('2026-11-23T18:30:05Z'))).toBe('2026-11-24');
  });

  it('are a day where a term ends with that day', () => {
    expect(format.endedDay('vi', '2026-12-15T00:00:00+07:00')).toBe('14/12/2026');
    expect(format.endedDay('vi', '2026-12-14T17:00:00Z')).toBe('14/12/2026');
    expect(format.endedDay('vi', '2026-12-14T17:00:01Z')).toBeNull();
  });

  it('go into a time field and come back the same', () => {
    expect(format.toField('2026-11-24T14:05:00+07:00')).toBe('2026-11-24T14:05');
    expect(format.fromField('2026-11-24T14:05')).toBe('2026-11-24T14:05:00+07:00');
    expect(format.fromField('')).toBeNull();
  });

  it('keep their milliseconds and their zone', () => {
    expect(format.iso(Date.parse('2026-11-24T07:05:00.250Z'))).toBe('2026-11-24T14:05:00.250+07:00');
  });

  it('show the day only when it is not today', () => {
    const now = Date.parse('2026-11-24T08:00:00Z');
    expect(format.lineTime('vi', '2026-11-24T07:03:15.204Z', now)).toBe('14:03:15.204');
    expect(format.lineTime('vi', '2026-11-22T07:03:15.204Z', now)).toBe('22/11 14:03:15.204');
  });

  it('tell spans by their two largest units', () => {
    expect(format.span('vi', 4 * 86400 + 23 * 3600 + 59)).toBe('4 ngày 23 giờ');
    expect(format.span('en', -90)).toBe('1 min 30 s');
    expect(format.span('vi', 0)).toBe('0 giây');
  });
});

describe('a share', () => {
  it('is never whole while something is missing, nor nothing while there is some', () => {
    expect(format.percent('vi', 999, 1000)).toBe('99 %');
    expect(format.percent('vi', 1, 1000)).toBe('1 %');
    expect(format.percent('vi', 0, 0)).toBe('–');
    expect(format.percent('vi', 5, 5)).toBe('100 %');
  });
});

describe('folding', () => {
  it('forgets case and Vietnamese diacritics, in either form of Unicode', () => {
    expect(format.fold('Sở Tài chính, Đội Ứng cứu')).toBe('so tai chinh, doi ung cuu');
    expect(format.fold('Khánh Hòa'.normalize('NFD'))).toBe('khanh hoa');
  });
});
