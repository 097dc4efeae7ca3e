import type { LinkOptions } from '#link';
import type { CustomCommand } from './commands/custom-command.js';
import type { TableObserver } from './connection/table-observer.js';
import { rendezvousRouter, type WorkerRouter } from './workers/worker-router.js';

const MiB = 1024 * 1024;

/** What may be changed about the links to workers and API callers. Pings and silence are not a matter of taste on base links. */
export type LanLinkOptions = Partial<Omit<LinkOptions, 'pingIntervalMs' | 'silenceTimeoutMs'>>;

export interface GatewayOptions {
  /**
   * Where workers and API callers reach this gateway, `host:port`. Port 0 takes a free one.
   * @default '127.0.0.1:9108'
   */
  readonly lan: string;
  /**
   * The address told to the others, IPv4 `host:port`; empty tells them `lan`. It is half of each client id.
   * @default ''
   */
  readonly advertise: string;
  /**
   * Where the registers listen, each as `host:port`.
   * @default ['127.0.0.1:9327']
   */
  readonly registers: readonly string[];
  /**
   * The secret that all nodes share. Empty is refused unless everything is on loopback.
   * @default ''
   */
  readonly secret: string;
  /**
   * Client listeners as URLs: `ws://host:port[/path][?send=auto|text|binary]`, `tcp://host:port[?frame=raw|newline|length]`.
   * @default ['ws://127.0.0.1:8000', 'tcp://127.0.0.1:8001?frame=newline']
   */
  readonly listen: readonly string[];
  /**
   * Who reads what WebSocket clients send after their upgrade: `nestwire`, or the package `ws`, which is slower. What clients see is the same.
   * @default 'nestwire'
   */
  readonly receiver: 'nestwire' | 'ws';
  /**
   * How sessions and event details are serialized: a setting of the whole cluster. `php` serves unchanged SwooleWorker nodes.
   * @default 'json'
   */
  readonly serialization: 'json' | 'php';
  /**
   * Largest message from or to a client. A larger one from a client closes it with 1009; a larger one to it is dropped and counted.
   * @default 1_048_576 (1 MiB)
   */
  readonly maxMessageBytes: number;
  /**
   * Largest session, serialized; at least 2. A change that would make it larger is not made, counted (`sessionsTooBig`) and logged.
   * A session goes with every event of its client.
   * @default 65_536 (64 KiB)
   */
  readonly maxSessionBytes: number;
  /**
   * Most bytes that may wait for one client; then it is closed as slow, with 4001. 0 disables the limit.
   * @default 1_048_576 (1 MiB)
   */
  readonly maxQueuedBytes: number;
  /**
   * A client that takes longer than this for what was sent to it is closed as slow, with 4001. 0 disables the limit.
   * @default 10_000
   */
  readonly slowClientTimeoutMs: number;
  /**
   * Most clients at a time, 1,048,575 at most; one more is closed with 1013. So many WebSocket sockets again, at least 16 and at most
   * 1,000 on each listener, may be on their way to become one; the next is dropped.
   * @default 100_000
   */
  readonly maxConnections: number;
  /**
   * Every WebSocket client is pinged so often. 0 turns the heartbeat off.
   * @default 25_000
   */
  readonly pingIntervalMs: number;
  /**
   * A WebSocket client that has sent nothing for so long after a ping is closed with 4002.
   * @default 10_000
   */
  readonly pongTimeoutMs: number;
  /**
   * How long a WebSocket client may take to send its upgrade request.
   * @default 10_000
   */
  readonly upgradeTimeoutMs: number;
  /**
   * Idle time after which TCP probes a raw TCP client. 0 turns it off.
   * @default 60_000
   */
  readonly tcpKeepAliveMs: number;
  /**
   * A raw TCP client that sends nothing for so long is closed. 0 waits for ever.
   * @default 0
   */
  readonly tcpIdleTimeoutMs: number;
  /**
   * Most bytes of events that wait while there is no worker.
   * @default 16_777_216 (16 MiB)
   */
  readonly parkedBytes: number;
  /**
   * The same for one client.
   * @default 65_536
   */
  readonly parkedClientBytes: number;
  /**
   * How long an event waits for a worker at most.
   * @default 30_000
   */
  readonly parkedAgeMs: number;
  /**
   * What happens to a client whose message found no worker in time: `close` it with 1013 (come back later),
   * or `drop` the message and count it. A client that no worker was ever told of is closed in either case.
   * @default 'close'
   */
  readonly withoutWorker: 'close' | 'drop';
  /**
   * When workers come or go, a client stays with its worker, while that is there, until no event of the client was routed for so
   * long (it may be a fifth longer); then its next event may go to another. So what a worker is still busy with is not overtaken
   * by what a newcomer gets, as long as handlers take no longer than this. 0 moves at once.
   *
   * Not promised: a worker that leaves is left at once, and events that it is still running may be overtaken by newer ones at its
   * successor. Exact order then needs events that workers acknowledge, which the base protocol has not.
   * @default 5_000
   */
  readonly moveAfterQuietMs: number;
  /**
   * Most links from workers and API callers at a time; one more is closed at once, so that strangers on the LAN port cannot use up
   * the process's descriptors.
   * @default 10_000
   */
  readonly maxLinks: number;
  /**
   * A worker that sends nothing for so long, not even a ping, is given up. 0 waits for ever.
   * @default 60_000
   */
  readonly workerSilenceTimeoutMs: number;
  /**
   * How long a client may take to say goodbye.
   * @default 1_000
   */
  readonly closeTimeoutMs: number;
  /**
   * How long stopping may take: clients are told with 1012 to come back, and their close events reach the workers.
   * @default 10_000
   */
  readonly drainTimeoutMs: number;
  /** The application's own commands, codes 100–199. @default [] */
  readonly commands: readonly CustomCommand[];
  /** Decides which worker gets a client's events. @default rendezvousRouter */
  readonly router: WorkerRouter;
  /** Told of every change of the connection table. @default {} */
  readonly observer: TableObserver;
  /**
   * Limits of the links to workers and API callers: `LinkOptions`, without pings and silence, which base links have not.
   * @default {}
   */
  readonly link: LanLinkOptions;
}

export const DEFAULT_GATEWAY_OPTIONS: GatewayOptions = {
  lan: '127.0.0.1:9108',
  advertise: '',
  registers: ['127.0.0.1:9327'],
  secret: '',
  listen: ['ws://127.0.0.1:8000', 'tcp://127.0.0.1:8001?frame=newline'],
  receiver: 'nestwire',
  serialization: 'json',
  maxMessageBytes: MiB,
  maxSessionBytes: 64 * 1024,
  maxQueuedBytes: MiB,
  slowClientTimeoutMs: 10_000,
  maxConnections: 100_000,
  pingIntervalMs: 25_000,
  pongTimeoutMs: 10_000,
  upgradeTimeoutMs: 10_000,
  tcpKeepAliveMs: 60_000,
  tcpIdleTimeoutMs: 0,
  parkedBytes: 16 * MiB,
  parkedClientBytes: 64 * 1024,
  parkedAgeMs: 30_000,
  withoutWorker: 'close',
  moveAfterQuietMs: 5_000,
  maxLinks: 10_000,
  workerSilenceTimeoutMs: 60_000,
  closeTimeoutMs: 1_000,
  drainTimeoutMs: 10_000,
  commands: [],
  router: rendezvousRouter,
  observer: {},
  link: {},
};
