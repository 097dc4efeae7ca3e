import { describe, expect, it } from 'vitest';
import { plot } from './plot.js';
import { runsOf, sampleResults } from './test/sample-results.js';

const ECHO = 'echo, 50 connections, 1 in flight';

function echoes(ours: number, theirs: number, socketIo?: number) {
  const rate = (value: number) => [{ round_trips_per_s: value }];
  return [
    ...runsOf(ECHO, 'nestwire', rate(ours)),
    ...runsOf(ECHO, 'plain-ws', rate(theirs)),
    ...(socketIo === undefined ? [] : runsOf(ECHO, 'socket.io', rate(socketIo))),
  ];
}

function widthsIn(svg: string): number[] {
  return [...svg.matchAll(/<rect class="\w+" x="250" y="\d+" width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  );
}

describe('plot', () => {
  it('draws bars as long as the ratios to plain ws are, with the ratios beside them', () => {
    const svg = plot(sampleResults(echoes(400, 100, 50)));
    const [ours, socketIo] = widthsIn(svg);
    expect(ours! / socketIo!).toBeCloseTo(8, 1);
    expect(svg).toContain('>4.00 ×<');
    expect(svg).toContain('>0.50 ×<');
  });

  it('names in its legend only who has a bar', () => {
    const svg = plot(sampleResults(echoes(400, 100)));
    expect(svg).toContain('>Nestwire<');
    expect(svg).not.toContain('Redis');
  });

  it('stays within its picture when a peer is faster than Nestwire', () => {
    const [, widest] = widthsIn(plot(sampleResults(echoes(100, 100, 900))));
    expect(250 + widest!).toBeLessThanOrEqual(760);
  });

  it('keeps a ratio that is a little under one off the line of one', () => {
    const svg = plot(sampleResults(echoes(90, 100, 400)));
    const line = Number(/<line class="baseline" x1="([\d.]+)"/.exec(svg)?.[1]);
    const value = Number(/<text class="value" x="([\d.]+)"[^>]*>0\.90 ×/.exec(svg)?.[1]);
    expect(value).toBeGreaterThan(line);
  });

  it('has colours for light and for dark pages', () => {
    expect(plot(sampleResults(echoes(2, 1)))).toContain('@media (prefers-color-scheme: dark)');
  });

  it('is a picture without bars when nothing was measured', () => {
    const svg = plot(sampleResults([]));
    expect(widthsIn(svg)).toEqual([]);
    expect(svg).not.toContain('NaN');
    expect(svg.trim().endsWith('</svg>')).toBe(true);
  });
});
