import { DEFAULT_LINK_OPTIONS, resolveLinkOptions, type LinkOptions } from '#link';
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
import { DEFAULT_GATEWAY_OPTIONS, type GatewayOptions } from './gateway-options.js';
import { parseListenerUrl, type ListenerOptions } from './listener/listener-url.js';

/** What a frame says beyond message and session: headers, and the details of an Open, whose upgrade request Node bounds at 16 KiB. */
const EVENT_MARGIN_BYTES = 64 * 1024;
/** `{}`: an empty session. */
const LEAST_SESSION_BYTES = 2;

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
  secret: text,
  listen: someTexts('ws://127.0.0.1:8000'),
  receiver: oneOf('nestwire', 'ws'),
  serialization: oneOf('json', 'php'),
  maxMessageBytes: wholeNumber(1),
  maxSessionBytes: wholeNumber(LEAST_SESSION_BYTES),
  maxQueuedBytes: wholeNumber(0),
  slowClientTimeoutMs: milliseconds(0),
  maxConnections: wholeNumber(1, MAX_CONNECTIONS),
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
  workerSilenceTimeoutMs: milliseconds(0),
  closeTimeoutMs: milliseconds(1),
  drainTimeoutMs: milliseconds(0),
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
  const options = resolveOptions('gateway', DEFAULT_GATEWAY_OPTIONS, given, CHECKS);
  const lan = parseAddress(options.lan, 'gateway.lan');
  const registers = options.registers.map((register) =>
    parseAddress(register, 'gateway.registers', { dialled: true }),
  );
  checkLinkNames(options.link);
  const link = resolveLinkOptions({
    // Base links have no handshake: whoever connects may send a command at once, of any size.
    maxHandshakeFrameBytes: options.link.maxFrameBytes ?? DEFAULT_LINK_OPTIONS.maxFrameBytes,
    ...options.link,
  });
  checkHeartbeat(options);
  checkSizes(options, link);
  checkAdvertise(options.advertise, lan);
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
  options: Pick<GatewayOptions, 'advertise'>,
  listening: NodeAddress,
): NodeAddress {
  if (options.advertise === '') return listening;
  const { host, port } = parseAddress(options.advertise, 'gateway.advertise', { ipv4Only: true });
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

function checkAdvertise(advertise: string, lan: NodeAddress): void {
  if (advertise === '' && !IPV4.test(lan.host)) {
    throw new InvalidOptionError(
      'gateway.advertise',
      `is needed, as workers are told an IPv4 address and "${lan.host}" is none. Write the one by which they reach this machine, such as 10.0.0.5:9108.`,
    );
  }
  const told = advertise === '' ? lan : parseAddress(advertise, 'gateway.advertise', { ipv4Only: true });
  if (!isUnspecified(told.host)) return;
  throw new InvalidOptionError(
    'gateway.advertise',
    `is needed, as nobody can dial ${told.host}. Write the IPv4 address by which workers reach this machine, such as 10.0.0.5:9108.`,
  );
}

const IPV4 = /^[\d.]+$/;

function checkSecret(secret: string, addresses: readonly NodeAddress[]): void {
  if (secret !== '') return;
  const exposed = addresses.find(({ host }) => !isLoopback(host));
  if (exposed === undefined) return;
  throw new InvalidOptionError(
    'gateway.secret',
    `must not be empty when ${formatAddress(exposed)} is not on loopback: anyone there could join. Set the same secret on all nodes.`,
  );
}
