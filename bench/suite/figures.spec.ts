import { describe, expect, it } from 'vitest';
import { formatFigure, formatRatio } from './figures.js';

describe('formatFigure', () => {
  it('gives rates three digits that count', () => {
    expect(formatFigure(812, 'perSecond')).toBe('812/s');
    expect(formatFigure(47_512, 'perSecond')).toBe('47.5 k/s');
    expect(formatFigure(1_234_567, 'perSecond')).toBe('1.23 M/s');
  });

  it('changes from microseconds to milliseconds at a thousand', () => {
    expect(formatFigure(999.4, 'microseconds')).toBe('999 µs');
    expect(formatFigure(1_000, 'microseconds')).toBe('1.00 ms');
  });

  it('says the unit of memory', () => {
    expect(formatFigure(4.256, 'kibibytes')).toBe('4.26 KiB');
    expect(formatFigure(193.2, 'mebibytes')).toBe('193 MiB');
  });

  it('shows a dash for what was not measured', () => {
    expect(formatFigure(undefined, 'perSecond')).toBe('–');
    expect(formatFigure(NaN, 'microseconds')).toBe('–');
  });
});

describe('formatRatio', () => {
  it('keeps small ratios apart from nothing', () => {
    expect(formatRatio(0.0452)).toBe('0.045 ×');
    expect(formatRatio(8.411)).toBe('8.41 ×');
    expect(formatRatio(NaN)).toBe('–');
  });
});
