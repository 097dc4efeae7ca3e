import { NEST_DTO, nestwireDto, type Dialect, type Handlers } from './dialect.js';
import type { TargetName } from './targets.js';

/** What the load generator does. Counts of connections, sizes in bytes, rates a second. */
export type Load =
  | {
      readonly mode: 'echo';
      readonly connections: number;
      readonly inFlight: number;
      readonly bytes: number;
      /** Sent once when a connection is open. */
      readonly hello?: string;
      /** Two characters before the text, by which the handler knows what to do. */
      readonly command?: string;
    }
  | {
      readonly mode: 'fanout';
      readonly subscribers: number;
      readonly bytes: number;
      /** Publishes on their way, or publishes a second. */
      readonly pace: { readonly window: number } | { readonly rate: number };
    }
  | { readonly mode: 'churn'; readonly connections: number }
  | { readonly mode: 'idle'; readonly connections: number }
  | {
      readonly mode: 'fairness';
      readonly subscribers: number;
      readonly bytes: number;
      /** Each at its time, over all these connections together. */
      readonly echoes: { readonly connections: number; readonly rate: number };
      readonly broadcastRate: number;
    };

export type Unit = 'perSecond' | 'microseconds' | 'kibibytes' | 'mebibytes';

/** A figure that the generator reports under `field`. */
export interface Metric {
  readonly field: string;
  readonly label: string;
  readonly unit: Unit;
}

/** What Nestwire has to reach: a multiple of a peer's figure in the same run or, without a peer, the figure itself. */
export interface Goal {
  readonly metric: Metric;
  readonly peer?: TargetName;
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Scenario {
  readonly name: string;
  /** Scenarios of a group are measured in the same metrics, and share a table. */
  readonly group: string;
  readonly load: Load;
  readonly handlers: Handlers;
  readonly targets: readonly TargetName[];
  /** Where a server is spoken to in another way than usual. */
  readonly dialects?: Partial<Record<TargetName, Dialect>>;
  readonly metrics: readonly Metric[];
  readonly goals: readonly Goal[];
  /** Whether each run gets a server that has served nobody yet. */
  readonly isFresh?: boolean;
}

const ALL: readonly TargetName[] = ['nestwire', 'plain-ws', 'platform-ws', 'socket.io', 'reference'];

const ROUND_TRIPS: Metric = { field: 'round_trips_per_s', label: 'round trips', unit: 'perSecond' };
const RTT_P50: Metric = { field: 'rtt_p50_us', label: 'p50', unit: 'microseconds' };
const RTT_P99: Metric = { field: 'rtt_p99_us', label: 'p99', unit: 'microseconds' };
const DELIVERIES: Metric = { field: 'deliveries_per_s', label: 'deliveries', unit: 'perSecond' };
const DELIVERY_P99: Metric = { field: 'latency_p99_us', label: 'p99 of a delivery', unit: 'microseconds' };
const LAST_P50: Metric = {
  field: 'all_subs_latency_p50_us',
  label: 'p50 to the last subscriber',
  unit: 'microseconds',
};
const LAST_P99: Metric = {
  field: 'all_subs_latency_p99_us',
  label: 'p99 to the last subscriber',
  unit: 'microseconds',
};
const CONNECTS: Metric = { field: 'connects_per_s', label: 'connections', unit: 'perSecond' };
const CONNECT_P99: Metric = {
  field: 'connect_to_echo_p99_us',
  label: 'p99 to the first echo',
  unit: 'microseconds',
};
const IDLE_RSS: Metric = {
  field: 'server_rss_kb_per_conn',
  label: 'memory a connection',
  unit: 'kibibytes',
};
const ECHOED_RSS: Metric = {
  field: 'server_rss_kb_per_conn_echoed',
  label: 'memory a connection after each has echoed once',
  unit: 'kibibytes',
};
const ECHOED_RSS_TOTAL: Metric = {
  field: 'server_rss_mb_echoed',
  label: 'memory of all its processes then',
  unit: 'mebibytes',
};

const SMALL = 128;
const LARGE = 16_384;
/** What acknowledging each event may cost. */
const ACKNOWLEDGED: Goal = { metric: ROUND_TRIPS, peer: 'nestwire-base', atLeast: 0.96 };

export const SCENARIOS: readonly Scenario[] = [
  echo(1, 1, SMALL, [{ metric: RTT_P50, peer: 'plain-ws', atMost: 2.2 }]),
  echo(1, 16),
  echo(50, 1, SMALL, [
    { metric: ROUND_TRIPS, peer: 'plain-ws', atLeast: 1.2 },
    { metric: RTT_P99, peer: 'plain-ws', atMost: 1.25 },
    { metric: ROUND_TRIPS, peer: 'reference', atLeast: 0.6 },
    ACKNOWLEDGED,
  ]),
  echo(50, 16, SMALL, [{ metric: ROUND_TRIPS, peer: 'plain-ws', atLeast: 8 }, ACKNOWLEDGED]),
  echo(500, 1, SMALL, [{ metric: ROUND_TRIPS, peer: 'plain-ws', atLeast: 1.3 }, ACKNOWLEDGED]),
  echo(500, 16),
  echo(50, 1, LARGE),
  echo(50, 16, LARGE),
  fanOut(100, 1),
  fanOut(100, 8),
  fanOut(1_000, 1, [{ metric: DELIVERIES, peer: 'plain-ws', atLeast: 1.2 }]),
  fanOut(1_000, 8, [{ metric: DELIVERIES, peer: 'plain-ws', atLeast: 8 }]),
  fanOut(5_000, 1),
  fanOut(5_000, 8),
  pacedFanOut(100),
  pacedFanOut(1_000),
  pacedFanOut(5_000),
  {
    name: 'fairness, echoes at 1,000/s beside broadcasts at 10/s to 5,000',
    group: 'Fairness',
    load: {
      mode: 'fairness',
      subscribers: 5_000,
      bytes: SMALL,
      echoes: { connections: 50, rate: 1_000 },
      broadcastRate: 10,
    },
    handlers: 'plain',
    targets: ALL,
    metrics: [RTT_P99, RTT_P50],
    goals: [{ metric: RTT_P99, atMost: 6_000 }],
  },
  {
    name: 'churn, 16 at a time',
    group: 'Connection churn',
    load: { mode: 'churn', connections: 16 },
    handlers: 'plain',
    targets: ALL,
    metrics: [CONNECTS, CONNECT_P99],
    goals: [{ metric: CONNECTS, peer: 'plain-ws', atLeast: 0.9 }],
  },
  {
    name: 'idle, 10,000 connections',
    group: 'Idle connections',
    load: { mode: 'idle', connections: 10_000 },
    handlers: 'plain',
    targets: ALL,
    metrics: [IDLE_RSS, ECHOED_RSS, ECHOED_RSS_TOTAL],
    goals: [
      { metric: IDLE_RSS, peer: 'plain-ws', atMost: 1.1 },
      { metric: ECHOED_RSS, peer: 'plain-ws', atMost: 0.7 },
    ],
    isFresh: true,
  },
  validated('ValidationPipe', 'say', 3),
  validated('SyncValidationPipe', 'say-sync', 5),
  call('a plain echo'),
  call('sendToUid', 'U:', 'L:'),
  call('joinGroup, an answer, leaveGroup', 'G:'),
  call('getClientInfo', 'I:'),
];

/** How long it is measured, of the seconds that were asked for: half of them where nothing has to be reached. */
export function secondsOf({ goals }: Pick<Scenario, 'goals'>, seconds: number): number {
  return goals.length > 0 ? seconds : seconds / 2;
}

function echo(connections: number, inFlight: number, bytes = SMALL, goals: readonly Goal[] = []): Scenario {
  return {
    name: `echo, ${count(connections, 'connection')}, ${inFlight} in flight${bytes === LARGE ? ', 16 KiB' : ''}`,
    group: 'Echo',
    load: { mode: 'echo', connections, inFlight, bytes },
    handlers: 'plain',
    targets: goals.includes(ACKNOWLEDGED) ? [...ALL, 'nestwire-base'] : ALL,
    metrics: [ROUND_TRIPS, RTT_P50, RTT_P99],
    goals,
  };
}

function fanOut(subscribers: number, window: number, goals: readonly Goal[] = []): Scenario {
  return {
    name: `fan-out to ${subscribers.toLocaleString('en')}, window ${window}`,
    group: 'Fan-out',
    load: { mode: 'fanout', subscribers, bytes: SMALL, pace: { window } },
    handlers: 'plain',
    targets: ALL,
    metrics: [DELIVERIES, DELIVERY_P99],
    goals,
  };
}

function pacedFanOut(subscribers: number): Scenario {
  return {
    name: `fan-out to ${subscribers.toLocaleString('en')}, 50 publishes a second`,
    group: 'Fan-out at 50 publishes a second',
    load: { mode: 'fanout', subscribers, bytes: SMALL, pace: { rate: 50 } },
    handlers: 'plain',
    targets: ALL,
    metrics: [LAST_P50, LAST_P99],
    goals: [],
  };
}

function validated(pipe: string, event: string, atLeast: number): Scenario {
  return {
    name: `a guard and a DTO checked by ${pipe}`,
    group: 'A handler with a guard and a DTO',
    load: { mode: 'echo', connections: 50, inFlight: 16, bytes: SMALL },
    handlers: 'validated',
    targets: ['nestwire', 'platform-ws'],
    dialects: { nestwire: nestwireDto(event), 'platform-ws': NEST_DTO },
    metrics: [ROUND_TRIPS, RTT_P99],
    goals: [{ metric: ROUND_TRIPS, peer: 'platform-ws', atLeast }],
  };
}

function call(name: string, command?: string, hello?: string): Scenario {
  return {
    name: `calls: ${name}`,
    group: 'Calls of a handler',
    load: {
      mode: 'echo',
      connections: 50,
      inFlight: 16,
      bytes: SMALL,
      ...(hello !== undefined && { hello }),
      ...(command !== undefined && { command }),
    },
    handlers: 'plain',
    targets: ['nestwire'],
    metrics: [ROUND_TRIPS, RTT_P99],
    goals: [],
  };
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}
