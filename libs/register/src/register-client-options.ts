import { secretOption, silentLog, type BackoffOptions, type NodeLog, type Secret } from '#link';
import {
  InvalidOptionError,
  milliseconds,
  oneOf,
  resolveOptions,
  type NodeAddress,
  type OptionCheck,
  type OptionChecks,
} from '#protocol';
import type { RegisterProtocol } from './gateway-entries.js';
import { nodeName, nodeNameOption } from './node-name.js';

/** How a node talks to its registers. */
export interface RegisterClientOptions {
  /** All registers of the cluster, at least one. The node is announced to each of them. */
  readonly registers: readonly NodeAddress[];
  /**
   * What the registers know us by: the same text on every node, or several while it is being changed, of which the first is
   * tried first. The base protocol tries no other.
   * @default ''
   */
  readonly secret: Secret;
  /**
   * How the registers talk: 'nestwire' as ours do, where both sides prove that they know the secret; 'base' as the original's.
   * @default 'nestwire'
   */
  readonly protocol: RegisterProtocol;
  /**
   * What the registers' logs call this node, at most 255 bytes.
   * @default host name and process id
   */
  readonly name: string;
  /**
   * How often to ping a register, in milliseconds; it closes a link that was silent for 60 s.
   * @default 30_000
   */
  readonly pingIntervalMs: number;
  /**
   * A register that has sent nothing for so long, not even an answer to a ping, is given up and dialled again, in milliseconds. Must be
   * above `pingIntervalMs`. 0 waits for ever. In the base protocol it has no effect: there pings are never answered.
   * @default 60_000
   */
  readonly silenceTimeoutMs: number;
  /**
   * How long connecting and, for a worker, the first list may take together, in milliseconds. 0 waits for ever.
   * @default 3_000
   */
  readonly connectTimeoutMs: number;
  /** Waits between two attempts; by default 200 ms, doubled at each failure up to 5 s, with jitter. */
  readonly backoff: Partial<BackoffOptions>;
  /** @default silent */
  readonly log: NodeLog;
}

export const DEFAULT_REGISTER_CLIENT_OPTIONS: RegisterClientOptions = {
  registers: [],
  secret: '',
  protocol: 'nestwire',
  name: nodeName(),
  pingIntervalMs: 30_000,
  silenceTimeoutMs: 60_000,
  connectTimeoutMs: 3_000,
  backoff: {},
  log: silentLog,
};

const someAddresses: OptionCheck = (value) =>
  Array.isArray(value) && value.length > 0
    ? undefined
    : 'must name at least one register, such as 127.0.0.1:9327.';

const anObject: OptionCheck = (value) =>
  typeof value === 'object' && value !== null ? undefined : 'must be an object.';

const CHECKS: OptionChecks<RegisterClientOptions> = {
  registers: someAddresses,
  secret: secretOption,
  protocol: oneOf('nestwire', 'base'),
  name: nodeNameOption,
  pingIntervalMs: milliseconds(1),
  silenceTimeoutMs: milliseconds(0),
  connectTimeoutMs: milliseconds(0),
  backoff: anObject,
  log: anObject,
};

/** What must be given: everything else has a default. */
export type GivenRegisterClientOptions = Pick<RegisterClientOptions, 'registers'> &
  Partial<RegisterClientOptions>;

/** @throws InvalidOptionError for an unknown name, a wrong value, and a silence that no ping could break in time. */
export function resolveRegisterClientOptions(given: GivenRegisterClientOptions): RegisterClientOptions {
  const options = resolveOptions('registerClient', DEFAULT_REGISTER_CLIENT_OPTIONS, given, CHECKS);
  const { protocol, pingIntervalMs, silenceTimeoutMs } = options;
  if (protocol === 'nestwire' && silenceTimeoutMs > 0 && silenceTimeoutMs <= pingIntervalMs) {
    throw new InvalidOptionError(
      'registerClient.silenceTimeoutMs',
      `must be above "pingIntervalMs", ${pingIntervalMs}, and not ${silenceTimeoutMs}: a register answers pings, and is else silent.`,
    );
  }
  return options;
}
