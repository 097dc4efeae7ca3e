import {
  InvalidOptionError,
  oneOf,
  parseAddress,
  resolveOptions,
  someTexts,
  type NodeAddress,
  type OptionCheck,
  type OptionChecks,
} from '#protocol';
import type { Membership } from '#register';
import { DEFAULT_POOL_OPTIONS, POOL_CHECKS, type GatewayProtocol, type PoolOptions } from './pool-options.js';

/** What `GatewayApiModule.forRoot` takes. */
export interface GatewayApiOptions extends Omit<PoolOptions, 'log'> {
  /**
   * Where the registers listen, each as `host:port`.
   * @default ['127.0.0.1:9327']
   */
  readonly registers: readonly string[];
  /**
   * How sessions are written: a setting of the whole cluster. `php` where a PHP worker or gateway is part of it; then `protocol`
   * is `base`.
   * @default 'json'
   */
  readonly serialization: 'json' | 'php';
  /**
   * Where the gateways are known from instead of a register; then `registers` must not be given, and over the base protocol no
   * `secret`, which would be told to nobody.
   * @default undefined
   */
  readonly membership: Membership | undefined;
}

export interface ResolvedApiOptions extends Omit<GatewayApiOptions, 'registers'> {
  readonly registers: readonly NodeAddress[];
}

const { log: _log, ...POOL_DEFAULTS } = DEFAULT_POOL_OPTIONS;
const { log: _checkLog, ...CHECKS_OF_POOL } = POOL_CHECKS;

export const DEFAULT_API_OPTIONS: GatewayApiOptions = {
  ...POOL_DEFAULTS,
  registers: ['127.0.0.1:9327'],
  serialization: 'json',
  membership: undefined,
};

const aMembership: OptionCheck = (value) =>
  value === undefined ||
  (typeof value === 'object' && value !== null && 'subscribe' in value && 'start' in value)
    ? undefined
    : 'must be a Membership, such as new StaticMembership([…]).';

const CHECKS: OptionChecks<GatewayApiOptions> = {
  ...CHECKS_OF_POOL,
  registers: someTexts('127.0.0.1:9327'),
  serialization: oneOf('json', 'php'),
  membership: aMembership,
};

/** The names of all options: a module that passes some of its own options on tells them by it. */
export const API_OPTION_NAMES: readonly string[] = Object.keys(CHECKS);

/** @throws InvalidOptionError for an unknown name, a wrong value, or options that contradict each other */
export function resolveApiOptions(given: Partial<GatewayApiOptions>): ResolvedApiOptions {
  const options = resolveOptions('api', DEFAULT_API_OPTIONS, given, CHECKS);
  const protocol = protocolOf(given.protocol, options.serialization);
  const needless = protocol === 'base' ? (given.registers ?? given.secret) : given.registers;
  if (options.membership !== undefined && needless !== undefined) {
    throw new InvalidOptionError(
      'api.membership',
      'takes the place of the register: leave "registers" out, and over the base protocol "secret".',
    );
  }
  const registers = options.registers.map((register) =>
    parseAddress(register, 'api.registers', { dialled: true }),
  );
  return { ...options, protocol, registers };
}

function protocolOf(
  given: GatewayProtocol | undefined,
  serialization: GatewayApiOptions['serialization'],
): GatewayProtocol {
  if (serialization === 'json') return given ?? 'nestwire';
  if (given === 'nestwire') {
    throw new InvalidOptionError(
      'api.protocol',
      "must be 'base', or left out, where sessions are PHP-serialized: whoever needs that speaks the base protocol alone.",
    );
  }
  return 'base';
}
