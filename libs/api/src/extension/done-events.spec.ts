import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, ExtensionCode, readAcknowledge } from '#protocol';
import { DoneEvents } from './done-events.js';

/** The ranges that are told of these sequences. */
function rangesOf(done: DoneEvents): number[][] {
  const writer = new ByteWriter();
  done.writeTo(writer);
  const reader = ByteReader.of(writer.view());
  expect(reader.u8()).toBe(ExtensionCode.Acknowledge);
  const ranges: number[][] = [];
  readAcknowledge(reader, (first, count) => ranges.push([first, count]));
  return ranges;
}

function told(...sequences: readonly number[]): number[][] {
  const done = new DoneEvents();
  for (const sequence of sequences) done.add(sequence);
  return rangesOf(done);
}

describe('events that are done with', () => {
  it('are one range when they were done in order', () => {
    expect(told(1)).toEqual([[1, 1]]);
    expect(told(5, 6, 7, 8)).toEqual([[5, 4]]);
  });

  it('are sorted and merged when they were not', () => {
    expect(told(3, 1, 2)).toEqual([[1, 3]]);
    expect(told(9, 4, 5, 1, 8)).toEqual([
      [1, 1],
      [4, 2],
      [8, 2],
    ]);
  });

  it('are one range across the wrap of the sequence, also out of order', () => {
    expect(told(0xffff_fffe, 0xffff_ffff, 0, 1)).toEqual([[0xffff_fffe, 4]]);
    expect(told(1, 0xffff_ffff, 0, 0xffff_fffe)).toEqual([[0xffff_fffe, 4]]);
  });

  it('are forgotten once told, and when the link is over', () => {
    const done = new DoneEvents();
    done.add(2);
    done.add(1);
    expect(rangesOf(done)).toEqual([[1, 2]]);
    expect(done.isEmpty).toBe(true);
    done.add(7);
    done.clear();
    expect(done.isEmpty).toBe(true);
    done.add(4);
    expect(rangesOf(done)).toEqual([[4, 1]]);
  });

  it('are all told, each once, in any order and any number', () => {
    const first = 0xffff_ff00;
    const sequences = Array.from({ length: 5_000 }, (_, i) => (first + ((i * 1_777) % 5_000)) >>> 0);
    expect(told(...sequences)).toEqual([[first, 5_000]]);
    const everyOther = sequences.filter((sequence) => sequence % 2 === 0);
    const ranges = told(...everyOther);
    expect(ranges).toHaveLength(2_500);
    expect(ranges[0]).toEqual([first, 1]);
    expect(ranges.every(([, count]) => count === 1)).toBe(true);
  });
});
