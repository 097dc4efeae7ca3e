import { resolveLinkOptions, silentLog, type BackoffOptions, type LinkOptions, type NodeLog } from '#link';
import {
  InvalidOptionError,
  milliseconds,
  resolveOptions,
  wholeNumber,
  type OptionCheck,
  type OptionChecks,
  type Tag,
} from '#protocol';

const MiB = 1024 * 1024;

/** What may be changed about the links to the gateways. Pings and silence are not a matter of taste on base links. */
export type GatewayLinkOptions = Partial<Omit<LinkOptions, 'pingIntervalMs' | 'silenceTimeoutMs'>>;

export interface PoolOptions {
  /**
   * How long a question waits for its answer, in milliseconds. 0 waits until the link ends.
   * @default 1_000
   */
  readonly questionTimeoutMs: number;
  /**
   * A reply that is later than its question's deadline by so many milliseconds makes the link be dialled anew, because every
   * later reply would have to wait behind it.
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
   * How often a worker's event link sends a ping, in milliseconds. A gateway may close one that is silent for 60 s.
   * @default 30_000
   */
  readonly eventPingIntervalMs: number;
  /**
   * Most bytes of calls that may wait for one gateway behind a `sendToUid`, and for the first list of gateways. Beyond it
   * commands are dropped and counted, and questions fail.
   * @default 67_108_864 (64 MiB)
   */
  readonly maxHeldBytes: number;
  /**
   * What this worker tells the gateways about itself; a gateway's router may choose by it.
   * @default []
   */
  readonly tags: readonly Tag[];
  /** Of the links to gateways: sizes, limits and timeouts. @default DEFAULT_LINK_OPTIONS of the link room */
  readonly link: GatewayLinkOptions;
  /** Waits between two attempts to reach a gateway. By default 200 ms, doubled at each failure up to 5 s, with jitter. */
  readonly backoff: Partial<BackoffOptions>;
  /** @default silent */
  readonly log: NodeLog;
}

export const DEFAULT_POOL_OPTIONS: PoolOptions = {
  questionTimeoutMs: 1_000,
  overdueReplyMs: 5_000,
  startTimeoutMs: 3_000,
  eventPingIntervalMs: 30_000,
  maxHeldBytes: 64 * MiB,
  tags: [],
  link: {},
  backoff: {},
  log: silentLog,
};

export interface ResolvedPoolOptions extends PoolOptions {
  readonly commandLink: LinkOptions;
  readonly eventLink: LinkOptions;
}

const tagList: OptionCheck = (value) =>
  Array.isArray(value) &&
  value.every((tag) => tag === null || ['string', 'number', 'boolean'].includes(typeof tag))
    ? undefined
    : 'must be a list of strings, numbers, booleans or null.';

const anObject: OptionCheck = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? undefined : 'must be an object.';

export const POOL_CHECKS: OptionChecks<PoolOptions> = {
  questionTimeoutMs: milliseconds(0),
  overdueReplyMs: milliseconds(1),
  startTimeoutMs: milliseconds(0),
  eventPingIntervalMs: milliseconds(1),
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
        'cannot be set: gateways are pinged on event links alone ("eventPingIntervalMs"), and never answer.',
      );
    }
  }
  const link = resolveLinkOptions(options.link);
  return {
    ...options,
    commandLink: { ...link, pingIntervalMs: 0, silenceTimeoutMs: 0 },
    eventLink: { ...link, pingIntervalMs: options.eventPingIntervalMs, silenceTimeoutMs: 0 },
  };
}
