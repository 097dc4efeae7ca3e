import { isIPv6 } from 'node:net';
import { closest } from '#protocol';
import { whyUnmeasurable } from './figures/process-figures.js';
import { type Draft, FLAGS, LEFT_OUT } from './flags.js';
import { DEFAULT_LOAD_OPTIONS, type LoadOptions, type Mode, MODES } from './options.js';
import { BROADCAST_MARK } from './modes/broadcast-payload.js';
import { DIGITS } from './wire/hex-digits.js';
import type { GreetingStep } from './wire/greeting.js';
import { UsageError } from './usage-error.js';

/** What a broadcast has to hold. */
const LEAST_BROADCAST_BYTES = BROADCAST_MARK.length + DIGITS;
const DEFAULT_FANOUT_BYTES = 128;
const DEFAULT_CHURN_SOURCES = 8;
const DEFAULT_FAIRNESS_RATE = 1000;
const MAX_UNDER_WAY = 2 ** 22;

/**
 * Reads the command line.
 * @throws UsageError for whatever is unknown, contradictory, or would not reach a server on this machine
 */
export function parseOptions(args: readonly string[]): LoadOptions {
  const [mode, ...rest] = args;
  if (!isMode(mode))
    throw new UsageError(`The first word must be one of ${MODES.join(', ')}, not "${mode ?? ''}"`);
  const draft: Draft = { ...DEFAULT_LOAD_OPTIONS, ...defaultsOf(mode) };
  readFlags(draft, rest);
  check(draft);
  return draft;
}

export function usage(): string {
  const lines = Object.entries(FLAGS).map(([name, { value, modes, help }]) => {
    const of = modes.length === MODES.length ? '' : ` [${modes.join(', ')}]`;
    return `  ${`${name} ${value ?? ''}`.padEnd(24)} ${help}${of}`;
  });
  return `usage: main.js ${MODES.join('|')} --port N [options]\n${lines.join('\n')}\n`;
}

function defaultsOf(mode: Mode): Partial<LoadOptions> {
  switch (mode) {
    case 'fanout':
      return { mode, sizeBytes: DEFAULT_FANOUT_BYTES };
    case 'fairness':
      return { mode, ratePerS: DEFAULT_FAIRNESS_RATE };
    case 'echo':
    case 'churn':
    case 'idle':
      return { mode };
  }
}

function readFlags(draft: Draft, args: readonly string[]): void {
  for (let i = 0; i < args.length; i++) {
    const name = args[i]!;
    const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name]! : unknownFlag(name);
    if (!flag.modes.includes(draft.mode)) {
      throw new UsageError(`${name} has no meaning in ${draft.mode}: it is for ${flag.modes.join(', ')}`);
    }
    const value = flag.value === undefined ? '' : args[++i];
    if (value === undefined) throw new UsageError(`${name} needs a value: ${name} ${flag.value}`);
    flag.apply(draft, value, name);
  }
}

function unknownFlag(name: string): never {
  if (Object.hasOwn(LEFT_OUT, name)) throw new UsageError(`${name} is not supported: ${LEFT_OUT[name]}`);
  throw new UsageError(`${name} is not known. Did you mean "${closest(name, Object.keys(FLAGS))}"?`);
}

function check(draft: Draft): void {
  if (draft.port === 0) throw new UsageError('Say where the server listens: --port N');
  if (draft.host === 'localhost') draft.host = '127.0.0.1';
  if (!isLoopback(draft.host)) {
    throw new UsageError(`--host ${draft.host} is refused: only 127.0.0.0/8 and ::1 may be put under load`);
  }
  if (!/^\/[^\s]*$/.test(draft.path))
    throw new UsageError(`--path must begin with "/" and have no blanks: "${draft.path}"`);
  if (draft.sourceAddresses < 0) {
    draft.sourceAddresses = draft.mode === 'churn' && !isIPv6(draft.host) ? DEFAULT_CHURN_SOURCES : 0;
  }
  if (draft.sourceAddresses > 0 && isIPv6(draft.host)) {
    throw new UsageError('--src-ips are IPv4 addresses: give an IPv4 --host, or --src-ips 0');
  }
  if (draft.mode === 'fanout' && draft.ratePerS === 0 && draft.window === 0) draft.window = 1;
  draft.sizeBytes = Math.max(draft.sizeBytes, draft.mode === 'fanout' ? LEAST_BROADCAST_BYTES : DIGITS);
  draft.publishSizeBytes = Math.max(draft.publishSizeBytes, LEAST_BROADCAST_BYTES);
  if (draft.pubGreeting.length === 0) draft.pubGreeting = handshakeOf(draft.greeting);
  if (draft.conns * draft.inflight > MAX_UNDER_WAY) {
    throw new UsageError(`--conns × --inflight must be at most ${MAX_UNDER_WAY}: lower one of them`);
  }
  for (const pid of draft.pids) {
    const problem = whyUnmeasurable(pid);
    if (problem !== undefined) throw new UsageError(`--pid ${pid}: ${problem}`);
  }
}

/** What every connection has to say before it may say anything; what follows the last answer is what subscribers alone do. */
function handshakeOf(greeting: readonly GreetingStep[]): readonly GreetingStep[] {
  return greeting.slice(0, greeting.findLastIndex((step) => step.do === 'await') + 1);
}

function isMode(word: string | undefined): word is Mode {
  return (MODES as readonly (string | undefined)[]).includes(word);
}

function isLoopback(host: string): boolean {
  return host === '::1' || /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(host);
}
