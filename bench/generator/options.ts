import type { GreetingStep } from './wire/greeting.js';

export const MODES = ['echo', 'fanout', 'idle', 'churn', 'fairness'] as const;
export type Mode = (typeof MODES)[number];

/** What one run does. Made by `parseOptions`, which fills in the defaults. */
export interface LoadOptions {
  readonly mode: Mode;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Whole header lines of the upgrade request. */
  readonly headers: readonly string[];
  /** Connections that echo, or idle, or come and go. */
  readonly conns: number;
  /** Connections that a broadcast is to reach. */
  readonly subs: number;
  /** Most messages a connection may have under way. */
  readonly inflight: number;
  /** Digits and filler; prefix and suffix come on top. */
  readonly sizeBytes: number;
  readonly binary: boolean;
  readonly prefix: string;
  readonly suffix: string;
  /** What an answer begins with; undefined when it begins as the message did. */
  readonly expectPrefix: string | undefined;
  /** What an answer ends with; undefined when it ends as the message did, or in any way when `expectPrefix` is given. */
  readonly expectSuffix: string | undefined;
  /** Fairness: of the messages that are echoed, where prefix and suffix are those of the broadcasts. */
  readonly echoPrefix: string | undefined;
  readonly echoSuffix: string | undefined;
  /** Messages a second over all connections, each at its time; 0 sends the next when the answer has come. */
  readonly ratePerS: number;
  /** Publishes that may be under way; 0 with a rate means any number. */
  readonly window: number;
  /** In fairness: the broadcasts. */
  readonly publishRatePerS: number;
  readonly publishSizeBytes: number;
  readonly greeting: readonly GreetingStep[];
  /** Of the publisher, and of the connections that echo beside it; `parseOptions` decides when none is given. */
  readonly pubGreeting: readonly GreetingStep[];
  readonly runMs: number;
  readonly warmupMs: number;
  readonly settleMs: number;
  /** Longest wait for what is still under way at the end. */
  readonly drainMs: number;
  readonly holdMs: number;
  readonly connectTimeoutMs: number;
  readonly concurrency: number;
  /** Connect from so many addresses; 0 leaves it to the system. `parseOptions` decides when it is not given. */
  readonly sourceAddresses: number;
  readonly pids: readonly number[];
  readonly engineIo: boolean;
  /** Idle: a second phase in which every connection echoes one message. */
  readonly echoOnce: boolean;
  /** Compare every byte of every message, instead of the first message of each read. */
  readonly verifyAll: boolean;
  readonly json: boolean;
}

export const DEFAULT_LOAD_OPTIONS: LoadOptions = {
  mode: 'echo',
  host: '127.0.0.1',
  port: 0,
  path: '/',
  headers: [],
  conns: 1,
  subs: 1,
  inflight: 1,
  sizeBytes: 64,
  binary: false,
  prefix: '',
  suffix: '',
  expectPrefix: undefined,
  expectSuffix: undefined,
  echoPrefix: undefined,
  echoSuffix: undefined,
  ratePerS: 0,
  window: 0,
  publishRatePerS: 10,
  publishSizeBytes: 128,
  greeting: [],
  pubGreeting: [],
  runMs: 5000,
  warmupMs: 1000,
  settleMs: 200,
  drainMs: 2000,
  holdMs: 5000,
  connectTimeoutMs: 30_000,
  concurrency: 128,
  sourceAddresses: -1,
  pids: [],
  engineIo: false,
  echoOnce: false,
  verifyAll: false,
  json: false,
};
