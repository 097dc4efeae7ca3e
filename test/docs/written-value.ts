import { codeIn } from './page.js';

const UNITS: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 * 1024,
  GiB: 1024 ** 3,
  ms: 1,
  s: 1_000,
  min: 60_000,
};

/** The number that a page says, such as `1,000`, `64 KiB` or `10 s`; undefined when it begins with none. */
export function numberIn(text: string): number | undefined {
  const match = /^(\d[\d,]*)(?: (KiB|MiB|GiB|ms|s|min)\b)?/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]!.replaceAll(',', '')) * UNITS[match[2] ?? 'ms']!;
}

/** Whether a cell says this default. What words say instead of values (`as …`, `silent`) is for who reads it. */
export function says(cell: string, value: unknown): boolean {
  if (typeof value === 'number') return numberIn(cell) === value;
  if (typeof value === 'boolean') return cell === String(value);
  if (typeof value === 'string') return value === '' ? codeIn(cell).length <= 1 : isTold(cell, value);
  if (Array.isArray(value)) {
    return value.length === 0 ? cell === 'none' : value.every((item) => isTold(cell, String(item)));
  }
  return numberIn(cell) === undefined;
}

function isTold(cell: string, text: string): boolean {
  return cell.includes(text) || /^[a-z ]+$/.test(cell);
}
