import type { LoadOptions, Mode } from './options.js';
import { MODES } from './options.js';
import { UsageError } from './usage-error.js';

/** Options while they are being read. */
export type Draft = { -readonly [Name in keyof LoadOptions]: LoadOptions[Name] };
type NamesOf<Value> = {
  [Name in keyof LoadOptions]: LoadOptions[Name] extends Value ? Name : never;
}[keyof LoadOptions];
type TextName = NamesOf<string | undefined> & ('host' | 'path' | `${string}refix` | `${string}uffix`);

export interface Flag {
  /** What its value is called in the usage; undefined for a switch. */
  readonly value: string | undefined;
  readonly modes: readonly Mode[];
  readonly help: string;
  /** @throws UsageError for a value that it cannot have */
  apply(draft: Draft, value: string, flag: string): void;
}

const SPEAKING: readonly Mode[] = ['echo', 'fanout', 'churn', 'fairness', 'idle'];
const ECHOING: readonly Mode[] = ['echo', 'fairness'];
const FANNING: readonly Mode[] = ['fanout', 'fairness'];
const FAIRNESS: readonly Mode[] = ['fairness'];
const RUNNING: readonly Mode[] = ['echo', 'fanout', 'churn', 'fairness'];

/** Those whose answers are looked at. */
const ECHOING_ONCE: readonly Mode[] = ['echo', 'churn', 'idle', 'fairness'];

const PUB_HELLO =
  'the same for the publisher, in fairness for who echoes too; default --hello up to the last --await';
const MS_PER_S = 1000;
const MAX_SIZE = 16 * 1024 * 1024;

export const FLAGS: Readonly<Record<string, Flag>> = {
  '--port': count('port', 1, 65_535, MODES, 'of the server; needed'),
  '--host': text('host', 'A', MODES, 'loopback address, default 127.0.0.1'),
  '--path': text('path', '/P', MODES, 'of the upgrade request, default /'),
  '--origin': header('Origin: ', 'O', 'Origin header of the upgrade request'),
  '--header': header('', "'N: v'", 'another header line; may be repeated'),
  '--conns': {
    ...count('conns', 1, 500_000, MODES, 'connections, default 1 (in fanout the same as --subs)'),
    apply(draft, value, flag) {
      draft[draft.mode === 'fanout' ? 'subs' : 'conns'] = number(value, flag, 1, 500_000, true);
    },
  },
  '--subs': count('subs', 1, 500_000, FANNING, 'subscribers, default 1'),
  '--inflight': count('inflight', 1, 65_536, ECHOING, 'messages under way a connection, default 1'),
  '--size': count(
    'sizeBytes',
    0,
    MAX_SIZE,
    SPEAKING,
    'bytes without prefix and suffix, default 64; fanout 128',
  ),
  '--binary': toggle('binary', SPEAKING, 'binary instead of text messages'),
  '--prefix': text('prefix', 'T', SPEAKING, 'what a message begins with (fairness: a broadcast)'),
  '--suffix': text('suffix', 'T', SPEAKING, 'what a message ends with (fairness: a broadcast)'),
  '--expect-prefix': text(
    'expectPrefix',
    'T',
    ECHOING_ONCE,
    'what an answer begins with, when not with --prefix',
  ),
  '--expect-suffix': text(
    'expectSuffix',
    'T',
    ECHOING_ONCE,
    'what an answer ends with; default --suffix, unchecked with --expect-prefix',
  ),
  '--echo-prefix': text(
    'echoPrefix',
    'T',
    FAIRNESS,
    'what a message to echo begins with; default --prefix without the command, such as B:, at its end',
  ),
  '--echo-suffix': text('echoSuffix', 'T', FAIRNESS, 'what a message to echo ends with; default --suffix'),
  '--rate': amount(
    'ratePerS',
    0.01,
    1e6,
    ['echo', 'fanout', 'fairness'],
    1,
    'messages a second in all, each at its time',
  ),
  '--window': count('window', 1, 32_768, ['fanout'], 'publishes under way, default 1 without --rate'),
  '--publish-rate': amount('publishRatePerS', 0.01, 1e6, FAIRNESS, 1, 'broadcasts a second, default 10'),
  '--publish-size': count(
    'publishSizeBytes',
    0,
    MAX_SIZE,
    FAIRNESS,
    'bytes of a broadcast without prefix and suffix, default 128',
  ),
  '--hello': step(
    'greeting',
    'send',
    MODES,
    'sent after the upgrade; with --await in the order given, repeatable',
  ),
  '--await': step('greeting', 'await', MODES, 'wait for a message that begins with this'),
  '--pub-hello': step('pubGreeting', 'send', FANNING, PUB_HELLO),
  '--pub-await': step('pubGreeting', 'await', FANNING, PUB_HELLO),
  '--seconds': amount('runMs', 0.05, 120, RUNNING, MS_PER_S, 'that count, default 5'),
  '--warmup': amount('warmupMs', 0, 60, RUNNING, MS_PER_S, 'seconds before them, default 1'),
  '--settle': amount('settleMs', 0, 30, MODES, MS_PER_S, 'seconds of quiet after connecting, default 0.2'),
  '--drain': amount(
    'drainMs',
    0,
    30,
    SPEAKING,
    MS_PER_S,
    'longest wait in seconds for the last answers, default 2',
  ),
  '--hold': amount('holdMs', 0, 120, ['idle'], MS_PER_S, 'seconds to stay idle, default 5'),
  '--connect-timeout': amount(
    'connectTimeoutMs',
    0.1,
    120,
    MODES,
    MS_PER_S,
    'seconds for all to connect, default 30',
  ),
  '--concurrency': count(
    'concurrency',
    1,
    100_000,
    MODES,
    'connections being set up at one time, default 128',
  ),
  '--src-ips': count(
    'sourceAddresses',
    0,
    250,
    MODES,
    'source addresses from 127.0.0.2 on, default 8 in churn, else 0',
  ),
  '--pid': {
    value: 'P[,P]',
    modes: MODES,
    help: 'the processes of the server, to measure their CPU and memory',
    apply(draft, value, flag) {
      draft.pids = [...draft.pids, ...value.split(',').map((pid) => number(pid, flag, 1, 2 ** 22, true))];
    },
  },
  '--engine.io': toggle('engineIo', MODES, 'answer the pings of Engine.IO'),
  '--echo-once': toggle('echoOnce', ['idle'], 'then echo one message on every connection and measure again'),
  '--verify-all': toggle('verifyAll', RUNNING, 'compare all bytes of all messages, not of one a read'),
  '--json': toggle('json', MODES, 'one line of JSON'),
};

/** Flags of wsload that this generator does not have, and what to do instead. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  '--tcp': 'only WebSocket is spoken here; measure raw TCP with wsload',
  '--lenprefix': 'only WebSocket is spoken here; measure raw TCP with wsload',
  '--cpu': 'pin the process from outside: taskset -c N node …',
  '--nap': 'leave it out: this generator waits for its sockets only',
  '--mask-zero': 'leave it out: frames are masked with a key without zeros, so that servers really unmask',
  '--rst': 'leave it out: connections end with a close handshake',
  '--no-accept-check': 'leave it out: Sec-WebSocket-Accept is always checked',
  '--no-sync': 'leave it out: publishing begins when every subscriber is reached',
};

function number(value: string, flag: string, least: number, most: number, isWhole: boolean): number {
  const parsed = value.trim() === '' ? Number.NaN : Number(value);
  if (parsed >= least && parsed <= most && (!isWhole || Number.isInteger(parsed))) return parsed;
  throw new UsageError(
    `${flag} must be a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}, not "${value}"`,
  );
}

function count(
  name: NamesOf<number>,
  least: number,
  most: number,
  modes: readonly Mode[],
  help: string,
): Flag {
  const apply = (draft: Draft, value: string, flag: string): void => {
    draft[name] = number(value, flag, least, most, true);
  };
  return { value: 'N', modes, help, apply };
}

/** @param scale what the number is multiplied with */
function amount(
  name: NamesOf<number>,
  least: number,
  most: number,
  modes: readonly Mode[],
  scale: number,
  help: string,
): Flag {
  const apply = (draft: Draft, value: string, flag: string): void => {
    draft[name] = number(value, flag, least, most, false) * scale;
  };
  return { value: scale === 1 ? 'R' : 'S', modes, help, apply };
}

function text(name: TextName, value: string, modes: readonly Mode[], help: string): Flag {
  return { value, modes, help, apply: (draft, given) => void (draft[name] = given) };
}

function toggle(name: NamesOf<boolean>, modes: readonly Mode[], help: string): Flag {
  return { value: undefined, modes, help, apply: (draft) => void (draft[name] = true) };
}

function step(
  name: 'greeting' | 'pubGreeting',
  kind: 'send' | 'await',
  modes: readonly Mode[],
  help: string,
): Flag {
  const apply = (draft: Draft, given: string): void => {
    draft[name] = [...draft[name], { do: kind, text: given }];
  };
  return { value: 'T', modes, help, apply };
}

function header(start: string, value: string, help: string): Flag {
  const apply = (draft: Draft, given: string, flag: string): void => {
    const line = start + given;
    if (/[\r\n]/.test(line) || !/^[^\s:]+:/.test(line)) {
      throw new UsageError(
        `${flag} must be one header line such as 'Cookie: a=b', not ${JSON.stringify(given)}`,
      );
    }
    draft.headers = [...draft.headers, line];
  };
  return { value, modes: MODES, help, apply };
}
