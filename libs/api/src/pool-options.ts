import { hostname } from 'node:os';
import {
  resolveLinkOptions,
  secretOption,
  silentLog,
  type BackoffOptions,
  type LinkOptions,
  type NodeLog,
  type Secret,
} from '#link';
import {
  InvalidOptionError,
  milliseconds,
  oneOf,
  resolveOptions,
  wholeNumber,
  type OptionCheck,
  type OptionChecks,
  type Tag,
} from '#protocol';

const MiB = 1024 * 1024;
const MAX_NAME_BYTES = 255;
/** Of a host name, which is ASCII: the process id still fits behind it. */
const MAX_HOST_CHARACTERS = 200;
/** So many pings go out before a gateway is given up as silent. */
const PINGS_A_SILENCE = 3;

/** What may be changed about the links to the gateways. Pings and silence are not a matter of taste on base links. */
export type GatewayLinkOptions = Partial<Omit<LinkOptions, 'pingIntervalMs' | 'silenceTimeoutMs'>>;

/** How this process talks to gateways: as ours do, or as the original's, which know no acknowledgements. */
export type GatewayProtocol = 'nestwire' | 'base';

export interface PoolOptions {
  /**
   * What the gateways speak, and the registers: a setting of the whole cluster. `base` where a part of it is the original's.
   * @default 'nestwire'
   */
  readonly protocol: GatewayProtocol;
  /**
   * The cluster's shared secret: the same text on every node, or a list while it is being changed, of which the first that a
   * gateway knows is used. It is never sent. Gateways of the base protocol ask for none.
   * @default ''
   */
  readonly secret: Secret;
  /**
   * What the gateways' logs call this process; at most 255 bytes.
   * @default host name and process id
   */
  readonly name: string;
  /**
   * How long a question waits for its answer, in milliseconds. 0 waits until the link ends.
   * @default 1_000
   */
  readonly questionTimeoutMs: number;
  /**
   * Base protocol only: a reply that is later than its question's deadline by so many milliseconds makes the link be dialled
   * anew, because every later reply would have to wait behind it.
   * @default 5_000
   */
  readonly overdueReplyMs: number;
  /**
   * How long the application's start waits for the first list of gateways and for the links to them, in milliseconds; then it
   * goes on with a warning. 0 does not wait.
   * @default 3_000
   */
  readonly startTimeoutMs: number;
  /**
   * Base protocol only: how often a worker's event link sends a ping, in milliseconds. A gateway may close one that is silent
   * for 60 s.
   * @default 30_000
   */
  readonly eventPingIntervalMs: number;
  /**
   * A gateway that has sent nothing for so long, in milliseconds, is taken for frozen or cut off, and its link is dialled anew. It
   * is pinged three times as often. 0 never gives one up, and sends no pings. Not in the base protocol, which answers none.
   * @default 10_000
   */
  readonly gatewaySilenceTimeoutMs: number;
  /**
   * A listed gateway that could not be linked for so long, in milliseconds, is told to the worker as lost. 0 does so only when it
   * came back as another one, or is not listed any more. Over the base protocol a gateway is lost as soon as its event link ends.
   * @default 30_000
   */
  readonly gatewayLostAfterMs: number;
  /**
   * How long `flush()` waits for gateways to take what is queued for them, in milliseconds, before it rejects. 0 waits for ever.
   * @default 10_000
   */
  readonly flushTimeoutMs: number;
  /**
   * Most bytes of calls that may wait for the first list of gateways, and for one gateway: while it is being linked, or, over
   * the base protocol, behind a `sendToUid`. Beyond it commands are dropped and counted, and questions fail.
   * @default 67_108_864 (64 MiB)
   */
  readonly maxHeldBytes: number;
  /**
   * What this worker tells the gateways about itself; a gateway's router may choose by it.
   * @default []
   */
  readonly tags: readonly Tag[];
  /**
   * Of the links to gateways: sizes, limits and timeouts. A command that would make more than `maxQueuedBytes` wait is dropped and
   * counted, a question fails; over the base protocol the link is dialled anew.
   * @default DEFAULT_LINK_OPTIONS of the link room
   */
  readonly link: GatewayLinkOptions;
  /** Waits between two attempts to reach a gateway. By default 200 ms, doubled at each failure up to 5 s, with jitter. */
  readonly backoff: Partial<BackoffOptions>;
  /** @default silent */
  readonly log: NodeLog;
}

export const DEFAULT_POOL_OPTIONS: PoolOptions = {
  protocol: 'nestwire',
  secret: '',
  name: `${hostname().slice(0, MAX_HOST_CHARACTERS)}/${process.pid}`,
  questionTimeoutMs: 1_000,
  overdueReplyMs: 5_000,
  startTimeoutMs: 3_000,
  eventPingIntervalMs: 30_000,
  gatewaySilenceTimeoutMs: 10_000,
  gatewayLostAfterMs: 30_000,
  flushTimeoutMs: 10_000,
  maxHeldBytes: 64 * MiB,
  tags: [],
  link: {},
  backoff: {},
  log: silentLog,
};

export interface ResolvedPoolOptions extends PoolOptions {
  readonly commandLink: LinkOptions;
  readonly eventLink: LinkOptions;
  /** The one link of the extension, whose queue the channel bounds itself. */
  readonly extensionLink: LinkOptions;
  /** 0 sends none. */
  readonly gatewayPingIntervalMs: number;
}

const tagList: OptionCheck = (value) =>
  Array.isArray(value) &&
  value.every((tag) => tag === null || ['string', 'number', 'boolean'].includes(typeof tag))
    ? undefined
    : 'must be a list of strings, numbers, booleans or null.';

const anObject: OptionCheck = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'must be an object.';

const aName: OptionCheck = (value) =>
  typeof value === 'string' && Buffer.byteLength(value) <= MAX_NAME_BYTES
    ? undefined
    : `must be a string of at most ${MAX_NAME_BYTES} bytes.`;

export const POOL_CHECKS: OptionChecks<PoolOptions> = {
  protocol: oneOf('nestwire', 'base'),
  secret: secretOption,
  name: aName,
  questionTimeoutMs: milliseconds(0),
  overdueReplyMs: milliseconds(1),
  startTimeoutMs: milliseconds(0),
  eventPingIntervalMs: milliseconds(1),
  gatewaySilenceTimeoutMs: milliseconds(0),
  gatewayLostAfterMs: milliseconds(0),
  flushTimeoutMs: milliseconds(0),
  maxHeldBytes: wholeNumber(1),
  tags: tagList,
  link: anObject,
  backoff: anObject,
  log: anObject,
};

/** @throws InvalidOptionError for an unknown name or a wrong value, also inside `link` */
export function resolvePoolOptions(given: Partial<PoolOptions>): ResolvedPoolOptions {
  const options = resolveOptions('api', DEFAULT_POOL_OPTIONS, given, POOL_CHECKS);
  for (const name of ['pingIntervalMs', 'silenceTimeoutMs']) {
    if (Object.hasOwn(options.link, name)) {
      throw new InvalidOptionError(
        `api.link.${name}`,
        'cannot be set: use "gatewaySilenceTimeoutMs", or "eventPingIntervalMs" over the base protocol.',
      );
    }
  }
  const link = resolveLinkOptions(options.link);
  const silenceTimeoutMs = options.gatewaySilenceTimeoutMs;
  return {
    ...options,
    extensionLink: { ...link, maxQueuedBytes: 0, pingIntervalMs: 0, silenceTimeoutMs },
    gatewayPingIntervalMs: Math.ceil(silenceTimeoutMs / PINGS_A_SILENCE),
    commandLink: { ...link, pingIntervalMs: 0, silenceTimeoutMs: 0 },
    eventLink: { ...link, pingIntervalMs: options.eventPingIntervalMs, silenceTimeoutMs: 0 },
  };
}
