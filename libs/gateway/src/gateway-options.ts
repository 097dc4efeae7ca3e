import type { LinkOptions, Secret } from '#link';
import type { CustomCommand } from './commands/custom-command.js';
import type { TableObserver } from './connection/table-observer.js';
import type { WhenSlow } from './connection/when-slow.js';
import type { WhenThrottled } from './connection/when-throttled.js';
import { rendezvousRouter, type WorkerRouter } from './workers/worker-router.js';

const MiB = 1024 * 1024;

/** What may be changed about the links to workers and API callers. Pings and silence follow from `workerSilenceTimeoutMs`. */
export type LanLinkOptions = Partial<Omit<LinkOptions, 'pingIntervalMs' | 'silenceTimeoutMs'>>;

export interface GatewayOptions {
  /**
   * Where workers and API callers reach this gateway, `host:port`. Port 0 takes a free one.
   * @default '127.0.0.1:9108'
   */
  readonly lan: string;
  /**
   * The address told to the others, `host:port`: a name, IPv4 or [IPv6]; over the base protocol IPv4 alone, and half of each client
   * id. Empty tells them `lan`.
   * @default ''
   */
  readonly advertise: string;
  /**
   * Where the registers listen, each as `host:port`.
   * @default ['127.0.0.1:9327']
   */
  readonly registers: readonly string[];
  /**
   * The secret that all nodes share; a list while it is being changed: the first is dialled with, any is accepted. Empty is
   * refused unless everything is on loopback.
   * @default ''
   */
  readonly secret: Secret;
  /**
   * What is spoken with registers, workers and API callers: `nestwire`, or the `base` protocol of SwooleWorker, which has no
   * handshake and no acknowledgements. A setting of the whole cluster; serialization `php` means `base`.
   * @default 'nestwire'
   */
  readonly protocol: 'nestwire' | 'base';
  /**
   * Client listeners as URLs: `ws://host:port[/path][?send=auto|text|binary]`, `tcp://host:port[?frame=raw|newline|length]`;
   * both may say `slow=`, see `whenSlow`.
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
   * Most bytes that may wait for one client; then it is closed as slow, with 4001, or messages are dropped: see `whenSlow`. Where
   * they are dropped, each that waits counts 256 bytes more than it has, which is what keeping it costs. 0 disables the limit.
   * @default 1_048_576 (1 MiB)
   */
  readonly maxQueuedBytes: number;
  /**
   * What happens with messages for a client whose socket does not take them, when `maxQueuedBytes` wait for it: `close` closes it,
   * `dropNewest` drops what is sent then, `dropOldest` drops what has waited longest; `keepLatest` does the same, and of the messages
   * with the same key only the newest waits. What is dropped is counted (`messagesDropped`), and what arrives is whole and in order.
   * A listener's URL may say it for its clients: `?slow=`.
   * @default 'close'
   */
  readonly whenSlow: WhenSlow;
  /**
   * A client that takes longer than this for what was sent to it is closed as slow, with 4001; where messages are dropped instead,
   * one that takes nothing at all for so long. 0 disables the limit.
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
   * Most sockets a second that may become clients, over all listeners; a tenth of it may come at once. One more waits, unread, for 5 s and
   * with 1,999 others at most; what is beyond that is turned away: WebSocket with 503 and `Retry-After`, raw TCP, and most of a flood, without a word. So an
   * outage whose clients all come back, or a flood, leaves most of the processor to the clients that are there. 0 disables the limit.
   * @default 2_000
   */
  readonly maxAcceptsPerSecond: number;
  /**
   * Most messages a second of one client; then see `whenThrottled`. 0 disables the limit, as only the application knows what is much: what a flood
   * may take of memory is bounded without it.
   * @default 0
   */
  readonly maxMessagesPerSecond: number;
  /**
   * Most bytes of messages a second of one client. A message may be larger than what is left: then the next has to wait the longer. 0 disables the limit.
   * @default 0
   */
  readonly maxBytesPerSecond: number;
  /**
   * So many milliseconds' worth of what a client, or an address, may send in a second may come at once after a quiet time, one message in any
   * case; 100 at least, as the time is read at intervals.
   * @default 1_000
   */
  readonly throttleBurstMs: number;
  /**
   * What happens when a client sends more than it may, or than its address may: `delay` does not read it until it may send again, which loses
   * nothing and costs the others nothing; `drop` drops the message and counts it (`messagesThrottled`); `close` closes the client with 4003.
   * @default 'delay'
   */
  readonly whenThrottled: WhenThrottled;
  /**
   * Most sockets of one remote address, over all listeners; one more is refused before its upgrade with 429, and raw TCP is closed. The address is
   * that of the socket: behind a proxy it is the proxy's, whatever `X-Forwarded-For` says, and all clients of a network behind one address count together. Of
   * IPv6 it is the network of 64 bits. 0 disables the limit.
   * @default 0
   */
  readonly maxConnectionsPerAddress: number;
  /**
   * Most messages a second of all clients of one remote address, as in `maxConnectionsPerAddress`; then see `whenThrottled`. 0 disables the limit.
   * @default 0
   */
  readonly maxMessagesPerSecondPerAddress: number;
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
   * A raw TCP client that sends nothing for so long is closed. 0 waits for ever. Worth setting where clients speak regularly: one whose
   * cable was pulled while bytes were on their way to it is not probed, and the system tries to send them for a while (Linux: 15 minutes).
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
   * Over the base protocol alone: where workers acknowledge events, a client moves as soon as nothing of it is at its former worker,
   * and never earlier. Over the base protocol a worker that leaves is left at once, and events that it is still running may be
   * overtaken by newer ones at its successor.
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
   * Most bytes of events that one worker may have without being done with them, some 512 for each beside its own bytes; from there
   * on the worker's clients are not read until half of it is done with. A worker's own `maxWaitingBytes` counts when it is less.
   * @default 16_777_216 (16 MiB)
   */
  readonly maxUnacknowledgedBytes: number;
  /**
   * The same for one client: from there on it alone is not read, so that a flood, or a handler that hangs, does not take the worker from
   * the other clients. 0 disables the limit.
   * @default 262_144 (256 KiB)
   */
  readonly maxUnacknowledgedClientBytes: number;
  /**
   * A worker that sends nothing for so long, not even an answer to a ping, is given up: others get the events that it has not
   * acknowledged. Longer than any handler may keep its process from doing anything else. 0 waits for ever.
   * @default 10_000, over the base protocol 60_000
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
  /**
   * Clients that are told to come back in a second when the gateway stops, so that they do not come to the others as one herd; more where
   * they could not all be told in four fifths of `drainTimeoutMs`. So 200 are told at once, 10,000 in 5 s, and 100,000 in 8 s. 0 tells all at once.
   * @default 2_000
   */
  readonly farewellPerSecond: number;
  /**
   * Sent to each client before it is told to come back, for raw TCP clients above all, who get no close code. `{comeBackInMs}` in it becomes
   * the number that `comeBackWithinMs` says. Empty sends nothing.
   * @default ''
   */
  readonly farewellMessage: string;
  /**
   * When the gateway stops, each client is given a random time of up to so long to wait before it comes back: at the end of the close
   * reason (`the gateway restarts, come back in 1234 ms`) and in `farewellMessage`. For clusters of few gateways, and for clients that heed it.
   * 0 names no time.
   * @default 0
   */
  readonly comeBackWithinMs: number;
  /** The application's own commands, codes 100–199. @default [] */
  readonly commands: readonly CustomCommand[];
  /** Decides which worker gets a client's events. @default rendezvousRouter */
  readonly router: WorkerRouter;
  /** Told of every change of the connection table. @default {} */
  readonly observer: TableObserver;
  /**
   * Limits of the links to workers and API callers: `LinkOptions`, without pings and silence: see `workerSilenceTimeoutMs`.
   * @default {}
   */
  readonly link: LanLinkOptions;
}

export const DEFAULT_GATEWAY_OPTIONS: GatewayOptions = {
  lan: '127.0.0.1:9108',
  advertise: '',
  registers: ['127.0.0.1:9327'],
  secret: '',
  protocol: 'nestwire',
  listen: ['ws://127.0.0.1:8000', 'tcp://127.0.0.1:8001?frame=newline'],
  receiver: 'nestwire',
  serialization: 'json',
  maxMessageBytes: MiB,
  maxSessionBytes: 64 * 1024,
  maxQueuedBytes: MiB,
  whenSlow: 'close',
  slowClientTimeoutMs: 10_000,
  maxConnections: 100_000,
  maxAcceptsPerSecond: 2_000,
  maxMessagesPerSecond: 0,
  maxBytesPerSecond: 0,
  throttleBurstMs: 1_000,
  whenThrottled: 'delay',
  maxConnectionsPerAddress: 0,
  maxMessagesPerSecondPerAddress: 0,
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
  maxUnacknowledgedBytes: 16 * MiB,
  maxUnacknowledgedClientBytes: 256 * 1024,
  workerSilenceTimeoutMs: 10_000,
  closeTimeoutMs: 1_000,
  drainTimeoutMs: 10_000,
  farewellPerSecond: 2_000,
  farewellMessage: '',
  comeBackWithinMs: 0,
  commands: [],
  router: rendezvousRouter,
  observer: {},
  link: {},
};
