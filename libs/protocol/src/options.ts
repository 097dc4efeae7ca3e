import { InvalidOptionError } from './errors.js';

/** Says what is wrong with a value and what to write instead, or `undefined` when it is right. */
export type OptionCheck = (value: unknown) => string | undefined;
export type OptionChecks<Options> = { readonly [Name in keyof Required<Options>]: OptionCheck };

/**
 * The defaults with the caller's values laid over them.
 * @throws InvalidOptionError for a name that no option has, and for a value that its check refuses.
 */
export function resolveOptions<Options extends object>(
  room: string,
  defaults: Options,
  given: Partial<Options>,
  checks: OptionChecks<Options>,
): Options {
  const resolved: Record<string, unknown> = Object.fromEntries(Object.entries(defaults));
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(checks, name)) {
      const nearest = closest(name, Object.keys(checks));
      throw new InvalidOptionError(`${room}.${name}`, `is not known. Did you mean "${nearest}"?`);
    }
    if (value !== undefined) resolved[name] = value;
  }
  for (const [name, check] of Object.entries<OptionCheck>(checks)) {
    const problem = check(resolved[name]);
    if (problem !== undefined) throw new InvalidOptionError(`${room}.${name}`, problem);
  }
  return resolved as Options;
}

/** A whole number of at least `least`, as in counts and bytes. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): OptionCheck {
  return (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
      ? undefined
      : `must be a whole number ${most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`}, not ${shown(value)}.`;
}

/** Longer ones Node's timers take for 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** A time that a Node timer can wait: at least `least`, at most 2^31 - 1, which is 24 days. */
export function milliseconds(least: number): OptionCheck {
  return wholeNumber(least, MAX_TIMER_MS);
}

export function oneOf(...allowed: readonly unknown[]): OptionCheck {
  return (value) =>
    allowed.includes(value) ? undefined : `must be ${allowed.map(shown).join(' or ')}, not ${shown(value)}.`;
}

export const text: OptionCheck = (value) =>
  typeof value === 'string' ? undefined : `must be a string, not ${shown(value)}.`;

/** A list of at least one string. @param example what one of them looks like, for the message */
export function someTexts(example: string): OptionCheck {
  return (value) =>
    Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string')
      ? undefined
      : `must be a list such as ['${example}'].`;
}

export const anything: OptionCheck = () => undefined;

/** Never throws, whatever was passed: a bigint and a cycle are no JSON, and JSON turns NaN into null. */
function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'an object';
  }
}

/** The known word that takes the fewest edits to reach: what a misspelling was meant to be. */
export function closest(word: string, known: readonly string[]): string {
  let best = known[0] ?? '';
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
