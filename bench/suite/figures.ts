import type { Unit } from './scenarios.js';

const MISSING = '–';

/** A figure in its unit, in as many digits as it is worth: these rates wander by 10 %. */
export function formatFigure(value: number | undefined, unit: Unit): string {
  if (value === undefined || Number.isNaN(value)) return MISSING;
  switch (unit) {
    case 'perSecond':
      return `${rate(value)}/s`;
    case 'microseconds':
      return value < 1_000 ? `${value.toFixed(0)} µs` : `${digits(value / 1_000)} ms`;
    case 'kibibytes':
      return `${digits(value)} KiB`;
    case 'mebibytes':
      return `${value.toFixed(0)} MiB`;
  }
}

export function formatRatio(value: number): string {
  return Number.isNaN(value) ? MISSING : `${value < 0.1 ? value.toFixed(3) : value.toFixed(2)} ×`;
}

function rate(value: number): string {
  if (value < 1_000) return value.toFixed(0);
  return value < 1_000_000 ? `${digits(value / 1_000)} k` : `${digits(value / 1_000_000)} M`;
}

/** Three that count. */
function digits(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
