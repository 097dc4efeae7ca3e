import { isNoSecret, resolveLinkOptions, secretOption, type LinkOptions, type Secret } from '#link';
import {
  InvalidOptionError,
  isLoopback,
  milliseconds,
  oneOf,
  parseAddress,
  resolveOptions,
  text,
  wholeNumber,
  type NodeAddress,
  type OptionChecks,
} from '#protocol';
import type { RegisterProtocol } from './gateway-entries.js';
import { nodeName, nodeNameOption } from './node-name.js';

/** The largest frame that any node sends to a register is an announcement: with its secret in the base protocol. */
const MAX_FRAME_BYTES = 4_096;
/** Some hundred full lists of a large cluster: a worker that has not read so many does not read at all. */
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;

export interface RegisterOptions {
  /**
   * Where the register listens, as `host:port`. Port 0 takes a free one, which `RegisterServer.address` tells.
   * @default '127.0.0.1:9327'
   */
  readonly listen: string;
  /**
   * What nodes must know: the same text on every node, or several while it is being changed. Empty is allowed on loopback
   * only: whoever knows it may give out gateways of his own and so read every message.
   * @default ''
   */
  readonly secret: Secret;
  /**
   * How nodes talk to this register: 'nestwire' takes our own alone, which prove that they know the secret without sending it;
   * 'base' takes those of the original, and ours in interop.
   * @default 'nestwire'
   */
  readonly protocol: RegisterProtocol;
  /**
   * What the logs of other nodes call this one, at most 255 bytes.
   * @default host name and process id
   */
  readonly name: string;
  /**
   * How long a new link may take to prove or announce what it is, in milliseconds. Strangers hold no place for longer.
   * @default 3_000
   */
  readonly announceTimeoutMs: number;
  /**
   * A link that has sent nothing for so long is closed, in milliseconds; nodes ping every 30 s. 0 never closes one.
   * @default 60_000
   */
  readonly silenceTimeoutMs: number;
  /**
   * Most links at a time; the next one is closed at once, so that strangers cannot use up the process's descriptors.
   * @default 10_000
   */
  readonly maxLinks: number;
}

export const DEFAULT_REGISTER_OPTIONS: RegisterOptions = {
  listen: '127.0.0.1:9327',
  secret: '',
  protocol: 'nestwire',
  name: nodeName(),
  announceTimeoutMs: 3_000,
  silenceTimeoutMs: 60_000,
  maxLinks: 10_000,
};

const CHECKS: OptionChecks<RegisterOptions> = {
  listen: text,
  secret: secretOption,
  protocol: oneOf('nestwire', 'base'),
  name: nodeNameOption,
  announceTimeoutMs: milliseconds(1),
  silenceTimeoutMs: milliseconds(0),
  maxLinks: wholeNumber(1),
};

export interface ResolvedRegisterOptions extends RegisterOptions {
  readonly address: NodeAddress;
  readonly link: LinkOptions;
}

/** @throws InvalidOptionError for an unknown name, a wrong value, or an empty secret where others can reach the port. */
export function resolveRegisterOptions(given: Partial<RegisterOptions> = {}): ResolvedRegisterOptions {
  const options = resolveOptions('register', DEFAULT_REGISTER_OPTIONS, given, CHECKS);
  const address = parseAddress(options.listen, 'register.listen');
  if (isNoSecret(options.secret) && !isLoopback(address.host)) {
    throw new InvalidOptionError(
      'register.secret',
      `must not be empty when the register listens on ${address.host}, where other machines reach it. ` +
        'Set the same long random text on every node (openssl rand -hex 32 makes one), or listen on 127.0.0.1.',
    );
  }
  const link = resolveLinkOptions({
    maxFrameBytes: MAX_FRAME_BYTES,
    maxHandshakeFrameBytes: MAX_FRAME_BYTES,
    handshakeTimeoutMs: options.announceTimeoutMs,
    silenceTimeoutMs: options.silenceTimeoutMs,
    maxQueuedBytes: MAX_QUEUED_BYTES,
  });
  return { ...options, address, link };
}
