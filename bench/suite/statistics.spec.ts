import { describe, expect, it } from 'vitest';
import { median } from './statistics.js';

describe('median', () => {
  it('is the middle of an odd number of values, in whatever order they come', () => {
    expect(median([10, 9, 100])).toBe(10);
  });

  it('is the mean of the two in the middle of an even number', () => {
    expect(median([4, 1, 2, 100])).toBe(3);
  });

  it('is no number when there are no values', () => {
    expect(median([])).toBeNaN();
  });

  it('leaves what it was given as it was', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});
