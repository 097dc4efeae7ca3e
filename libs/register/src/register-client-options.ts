import { silentLog, type BackoffOptions, type NodeLog } from '#link';
import {
  milliseconds,
  resolveOptions,
  type NodeAddress,
  type OptionCheck,
  type OptionChecks,
} from '#protocol';
import { secretText } from './secret.js';

/** How a node talks to its registers. */
export interface RegisterClientOptions {
  /** All registers of the cluster, at least one. The node is announced to each of them. */
  readonly registers: readonly NodeAddress[];
  /**
   * What the registers know us by: the same text on every node.
   * @default ''
   */
  readonly secret: string;
  /**
   * How often to ping a register, in milliseconds; it closes a link that was silent for 60 s.
   * @default 30_000
   */
  readonly pingIntervalMs: number;
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
  pingIntervalMs: 30_000,
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
  secret: secretText,
  pingIntervalMs: milliseconds(1),
  connectTimeoutMs: milliseconds(0),
  backoff: anObject,
  log: anObject,
};

/** What must be given: everything else has a default. */
export type GivenRegisterClientOptions = Pick<RegisterClientOptions, 'registers'> &
  Partial<RegisterClientOptions>;

/** @throws InvalidOptionError for an unknown name or a wrong value. */
export function resolveRegisterClientOptions(given: GivenRegisterClientOptions): RegisterClientOptions {
  return resolveOptions('registerClient', DEFAULT_REGISTER_CLIENT_OPTIONS, given, CHECKS);
}
