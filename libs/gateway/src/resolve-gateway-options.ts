import {
  DEFAULT_LINK_OPTIONS,
  isNoSecret,
  resolveLinkOptions,
  secretOption,
  type LinkOptions,
  type Secret,
} from '#link';
import {
  InvalidOptionError,
  formatAddress,
  isLoopback,
  isUnspecified,
  milliseconds,
  oneOf,
  parseAddress,
  resolveOptions,
  someTexts,
  text,
  wholeNumber,
  type NodeAddress,
  type OptionCheck,
  type OptionChecks,
} from '#protocol';
import { MAX_CONNECTIONS } from './connection/slot-allocator.js';
import { WHEN_SLOW } from './connection/when-slow.js';
import { WHEN_THROTTLED } from './connection/when-throttled.js';
import { DEFAULT_GATEWAY_OPTIONS, type GatewayOptions } from './gateway-options.js';
import { parseListenerUrl, type ListenerOptions } from './listener/listener-url.js';

/** What a frame says beyond message and session: headers, and the details of an Open, whose upgrade request Node bounds at 16 KiB. */
const EVENT_MARGIN_BYTES = 64 * 1024;
/** The throttle looks at the clock every 20 ms: a shorter burst would not last from one look to the next. */
const LEAST_BURST_MS = 100;
/** `{}`: an empty session. */
const LEAST_SESSION_BYTES = 2;
/** Workers of the base protocol ping every 30 s and answer no pings. */
const BASE_SILENCE_MS = 60_000;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const record: OptionCheck = (value) => (isRecord(value) ? undefined : 'must be an object.');

const commands: OptionCheck = (value) =>
  Array.isArray(value) &&
  value.every(
    (item) => isRecord(item) && isRecord(item['definition']) && typeof item['execute'] === 'function',
  )
    ? undefined
    : 'must be a list of custom commands: objects with a "definition" and an "execute".';

const router: OptionCheck = (value) =>
  isRecord(value) && typeof value['choose'] === 'function'
    ? undefined
    : 'must be an object with a method "choose".';

const CHECKS: OptionChecks<GatewayOptions> = {
  lan: text,
  advertise: text,
  registers: someTexts('127.0.0.1:9327'),
  secret: secretOption,
  protocol: oneOf('nestwire', 'base'),
  listen: someTexts('ws://127.0.0.1:8000'),
  receiver: oneOf('nestwire', 'ws'),
  serialization: oneOf('json', 'php'),
  maxMessageBytes: wholeNumber(1),
  maxSessionBytes: wholeNumber(LEAST_SESSION_BYTES),
  maxQueuedBytes: wholeNumber(0),
  whenSlow: oneOf(...WHEN_SLOW),
  slowClientTimeoutMs: milliseconds(0),
  maxConnections: wholeNumber(1, MAX_CONNECTIONS),
  maxAcceptsPerSecond: wholeNumber(0),
  maxMessagesPerSecond: wholeNumber(0),
  maxBytesPerSecond: wholeNumber(0),
  throttleBurstMs: milliseconds(LEAST_BURST_MS),
  whenThrottled: oneOf(...WHEN_THROTTLED),
  maxConnectionsPerAddress: wholeNumber(0),
  maxMessagesPerSecondPerAddress: wholeNumber(0),
  pingIntervalMs: milliseconds(0),
  pongTimeoutMs: milliseconds(1),
  upgradeTimeoutMs: milliseconds(1),
  tcpKeepAliveMs: milliseconds(0),
  tcpIdleTimeoutMs: milliseconds(0),
  parkedBytes: wholeNumber(0),
  parkedClientBytes: wholeNumber(0),
  parkedAgeMs: milliseconds(1),
  withoutWorker: oneOf('close', 'drop'),
  moveAfterQuietMs: milliseconds(0),
  maxLinks: wholeNumber(1),
  maxUnacknowledgedBytes: wholeNumber(1),
  maxUnacknowledgedClientBytes: wholeNumber(0),
  workerSilenceTimeoutMs: milliseconds(0),
  closeTimeoutMs: milliseconds(1),
  drainTimeoutMs: milliseconds(0),
  farewellPerSecond: wholeNumber(0),
  farewellMessage: text,
  comeBackWithinMs: milliseconds(0),
  commands,
  router,
  observer: record,
  link: record,
};

/** The options with their texts parsed and checked against each other. */
export interface ResolvedGatewayOptions extends Omit<
  GatewayOptions,
  'lan' | 'registers' | 'listen' | 'link'
> {
  readonly lan: NodeAddress;
  readonly registers: readonly NodeAddress[];
  readonly listen: readonly ListenerOptions[];
  readonly link: LinkOptions;
}

/** @throws InvalidOptionError that says what to write instead. */
export function resolveGatewayOptions(given: Partial<GatewayOptions> = {}): ResolvedGatewayOptions {
  const isPhp = given.serialization === 'php';
  const isBase = given.protocol === 'base' || isPhp;
  const defaults = isBase
    ? { ...DEFAULT_GATEWAY_OPTIONS, protocol: 'base' as const, workerSilenceTimeoutMs: BASE_SILENCE_MS }
    : DEFAULT_GATEWAY_OPTIONS;
  const options = resolveOptions('gateway', defaults, given, CHECKS);
  if (isPhp && options.protocol !== 'base') {
    throw new InvalidOptionError(
      'gateway.protocol',
      'must be left out, or "base", with serialization "php": nodes of the original speak nothing else.',
    );
  }
  const lan = parseAddress(options.lan, 'gateway.lan');
  const registers = options.registers.map((register) =>
    parseAddress(register, 'gateway.registers', { dialled: true }),
  );
  checkLinkNames(options.link);
  const link = resolveLinkOptions({
    // Base links have no handshake: whoever connects may send a command at once, of any size.
    ...(isBase && {
      maxHandshakeFrameBytes: options.link.maxFrameBytes ?? DEFAULT_LINK_OPTIONS.maxFrameBytes,
    }),
    ...options.link,
  });
  checkHeartbeat(options);
  checkSizes(options, link);
  checkFarewell(options);
  checkAdvertise(options.advertise, lan, isBase);
  checkSecret(options.secret, [lan, ...registers]);
  return {
    ...options,
    lan,
    registers,
    listen: options.listen.map((url) => parseListenerUrl(url, 'gateway.listen')),
    link,
  };
}

/** What the others are told, once the port is known. */
export function advertisedAddress(
  { advertise, protocol }: Pick<GatewayOptions, 'advertise' | 'protocol'>,
  listening: NodeAddress,
): NodeAddress {
  if (advertise === '') return listening;
  const { host, port } = parseAddress(advertise, 'gateway.advertise', { ipv4Only: protocol === 'base' });
  return { host, port: port === 0 ? listening.port : port };
}

function checkHeartbeat({
  pingIntervalMs,
  pongTimeoutMs,
}: Pick<GatewayOptions, 'pingIntervalMs' | 'pongTimeoutMs'>): void {
  if (pingIntervalMs === 0 || pongTimeoutMs < pingIntervalMs) return;
  throw new InvalidOptionError(
    'gateway.pongTimeoutMs',
    `must be less than pingIntervalMs, which is ${pingIntervalMs}.`,
  );
}

/** Workers ping one way and callers are silent: either would end links that are well. */
function checkLinkNames(link: object): void {
  for (const name of ['pingIntervalMs', 'silenceTimeoutMs']) {
    if (Object.hasOwn(link, name)) {
      throw new InvalidOptionError(
        `gateway.link.${name}`,
        'cannot be set: pings go one way, from workers ("workerSilenceTimeoutMs"), and links with commands are silent.',
      );
    }
  }
}

/** A frame that the other end refuses would cost it the link, and all clients their worker. */
function checkSizes(
  { maxMessageBytes, maxSessionBytes }: Pick<GatewayOptions, 'maxMessageBytes' | 'maxSessionBytes'>,
  link: LinkOptions,
): void {
  const least = maxSessionBytes + EVENT_MARGIN_BYTES;
  if (link.maxFrameBytes <= least) {
    throw new InvalidOptionError(
      'gateway.link.maxFrameBytes',
      `must be more than ${least}, so that a session of maxSessionBytes, which is ${maxSessionBytes}, fits a LAN frame, not ${link.maxFrameBytes}.`,
    );
  }
  const most = link.maxFrameBytes - least;
  if (maxMessageBytes > most) {
    throw new InvalidOptionError(
      'gateway.maxMessageBytes',
      `must be at most ${most}, so that a message and a session of maxSessionBytes, which is ${maxSessionBytes}, fit a LAN frame of link.maxFrameBytes, which is ${link.maxFrameBytes}.`,
    );
  }
  if (link.maxQueuedBytes > 0 && link.highWaterMarkBytes >= link.maxQueuedBytes) {
    throw new InvalidOptionError(
      'gateway.link.highWaterMarkBytes',
      `must be less than link.maxQueuedBytes, which is ${link.maxQueuedBytes}: clients are paused at the one, and a worker is given up at the other.`,
    );
  }
}

function checkFarewell({
  farewellMessage,
  maxMessageBytes,
}: Pick<GatewayOptions, 'farewellMessage' | 'maxMessageBytes'>): void {
  const bytes = Buffer.byteLength(farewellMessage);
  if (bytes <= maxMessageBytes) return;
  throw new InvalidOptionError(
    'gateway.farewellMessage',
    `must have at most maxMessageBytes, which is ${maxMessageBytes}, not ${bytes} bytes.`,
  );
}

function checkAdvertise(advertise: string, lan: NodeAddress, isBase: boolean): void {
  if (isBase && advertise === '' && !IPV4.test(lan.host)) {
    throw new InvalidOptionError(
      'gateway.advertise',
      `is needed, as workers are told an IPv4 address and "${lan.host}" is none. Write the one by which they reach this machine, such as 10.0.0.5:9108.`,
    );
  }
  const told = advertise === '' ? lan : parseAddress(advertise, 'gateway.advertise', { ipv4Only: isBase });
  if (!isUnspecified(told.host)) return;
  throw new InvalidOptionError(
    'gateway.advertise',
    `is needed, as nobody can dial ${told.host}. Write the address by which workers reach this machine, such as 10.0.0.5:9108.`,
  );
}

const IPV4 = /^[\d.]+$/;

function checkSecret(secret: Secret, addresses: readonly NodeAddress[]): void {
  if (!isNoSecret(secret)) return;
  const exposed = addresses.find(({ host }) => !isLoopback(host));
  if (exposed === undefined) return;
  throw new InvalidOptionError(
    'gateway.secret',
    `must not be empty when ${formatAddress(exposed)} is not on loopback: anyone there could join. Set the same secret on all nodes.`,
  );
}
