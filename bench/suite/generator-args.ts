import type { Dialect } from './dialect.js';
import type { Load } from './scenarios.js';

/** What only the suite's own generator understands. */
const OWN_FLAGS: ReadonlySet<string> = new Set([
  'fairness',
  '--suffix',
  '--expect-suffix',
  '--await',
  '--engine.io',
  '--echo-once',
]);

const GROUP = 'g';
const JOIN = `J:${GROUP}`;
const PUBLISH = 'B:';
const MAX_WARMUP_S = 0.5;
/** Memory does not change much while nothing happens. */
const MAX_HOLD_S = 2;

export interface Aim {
  readonly port: number;
  /** Of the server's processes, whose processor time and memory are measured. */
  readonly pids: readonly number[];
  /** That are measured. Before them the generator warms the server up. */
  readonly seconds: number;
}

/** The generator's command line: what to do, how this server is spoken to, and where it is. */
export function generatorArgs(load: Load, dialect: Dialect, { port, pids, seconds }: Aim): string[] {
  return [
    load.mode,
    ...connectionArgs(dialect),
    ...loadArgs(load, dialect),
    ...durationArgs(load, seconds),
    '--port',
    String(port),
    '--pid',
    pids.join(','),
    '--json',
  ];
}

/** Whether `wsload` can do it as well as the suite's own generator. */
export function isForWsload(args: readonly string[]): boolean {
  return !args.some((arg) => OWN_FLAGS.has(arg));
}

/** Before the others: the generator says and awaits in the order in which it is told to. */
function connectionArgs({ path, greeting = [], isEngineIo = false }: Dialect): string[] {
  return [
    ...(path === undefined ? [] : ['--path', path]),
    ...(isEngineIo ? ['--engine.io'] : []),
    ...greeting.flatMap((step) => ('say' in step ? ['--hello', step.say] : ['--await', step.await])),
  ];
}

function durationArgs({ mode }: Load, seconds: number): string[] {
  if (mode === 'idle') return flags({ hold: Math.min(seconds, MAX_HOLD_S) });
  return flags({ seconds, warmup: Math.min(seconds / 5, MAX_WARMUP_S) });
}

function loadArgs(load: Load, dialect: Dialect): string[] {
  switch (load.mode) {
    case 'echo':
      return [
        ...flags({ conns: load.connections, inflight: load.inFlight, size: load.bytes }),
        ...(load.hello === undefined ? [] : ['--hello', said(load.hello, dialect)]),
        ...echoed(load.command ?? '', dialect),
      ];
    case 'fanout':
      return [
        ...flags({ subs: load.subscribers, size: load.bytes, ...load.pace }),
        ...joining(dialect),
        ...affixes('', publishing(dialect)),
      ];
    case 'churn':
      return [...flags({ conns: load.connections }), ...echoed('', dialect)];
    case 'idle':
      return [...flags({ conns: load.connections }), '--echo-once', ...echoed('', dialect)];
    case 'fairness':
      return [
        ...flags({ subs: load.subscribers, conns: load.echoes.connections, rate: load.echoes.rate }),
        ...flags({ size: load.bytes, 'publish-rate': load.broadcastRate, 'publish-size': load.bytes }),
        ...joining(dialect),
        ...affixes('', publishing(dialect)),
        ...affixes('echo-', dialect),
      ];
  }
}

function flags(values: Readonly<Record<string, number>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

function echoed(command: string, { before, after, replyBefore, replyAfter = after }: Dialect): string[] {
  const [ours, theirs] = [`${before}${command}`, `${replyBefore}${command}`];
  return [
    ...affixes('', { before: ours, after }),
    ...(theirs === ours ? [] : ['--expect-prefix', theirs]),
    ...(replyAfter === after ? [] : ['--expect-suffix', replyAfter]),
  ];
}

function joining(dialect: Dialect): string[] {
  return ['--hello', said(JOIN, dialect)];
}

function publishing({ before, after }: Dialect): Pick<Dialect, 'before' | 'after'> {
  return { before: `${before}${PUBLISH}`, after };
}

function affixes(whose: '' | 'echo-', { before, after }: Pick<Dialect, 'before' | 'after'>): string[] {
  return [
    ...(before === '' ? [] : [`--${whose}prefix`, before]),
    ...(after === '' ? [] : [`--${whose}suffix`, after]),
  ];
}

function said(text: string, { before, after }: Dialect): string {
  return `${before}${text}${after}`;
}
