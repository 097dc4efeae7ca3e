import {
  InvalidArgumentError,
  byteStringFromText,
  parseClientId,
  type ByteString,
  type ClientId,
  type Payload,
} from '#protocol';

/** What one length byte on the wire can say. */
const MAX_NAME_BYTES = 255;
const MAX_EXCLUDED = 65_535;
/** Code, connection id, group name: more than any command puts before its message. */
const COMMAND_HEAD_BYTES = 1024;
const NOBODY: readonly number[] = [];

/**
 * A uid, a group or a key as the wire has it. The empty one is allowed: an empty uid unbinds.
 * @throws InvalidArgumentError for more than 255 bytes of UTF-8: such a name could be neither listed nor sent to
 */
export function nameBytes(argument: 'uid' | 'group' | 'key', name: string): ByteString {
  if (typeof name !== 'string') {
    throw new InvalidArgumentError(argument, `must be a string, not a value of type ${typeof name}.`);
  }
  const bytes = byteStringFromText(name);
  if (bytes.length <= MAX_NAME_BYTES) return bytes;
  throw new InvalidArgumentError(
    argument,
    `takes at most ${MAX_NAME_BYTES} bytes of UTF-8, and this one has ${bytes.length}. Use a shorter name.`,
  );
}

/** @throws InvalidArgumentError as `nameBytes` does */
export function keyBytes(key: string | undefined): ByteString | undefined {
  return key === undefined ? undefined : nameBytes('key', key);
}

/**
 * @param maxFrameBytes what the link to a gateway takes
 * @throws InvalidArgumentError for what is no message, or too long for any gateway
 */
export function checkMessage(message: Payload, maxFrameBytes: number): Payload {
  if (typeof message !== 'string' && !(message instanceof Uint8Array)) {
    throw new InvalidArgumentError(
      'message',
      `must be a string or bytes, not a value of type ${typeof message}. Use JSON.stringify for objects.`,
    );
  }
  const limit = maxFrameBytes - COMMAND_HEAD_BYTES;
  // Counting the bytes of a text takes time; no character has more than three.
  if (message.length * (typeof message === 'string' ? 3 : 1) > limit) {
    const bytes = Buffer.byteLength(message);
    if (bytes > limit) {
      throw new InvalidArgumentError(
        'message',
        `has ${bytes} bytes, and a gateway takes at most ${limit} in one frame. Send it in parts.`,
      );
    }
  }
  return message;
}

/** Clients that do not get a message, by their gateway: each gateway is told of its own. */
export class Exclusion {
  readonly #byGateway = new Map<string, number[]>();

  /** @throws InvalidArgumentError for what is no client id, and for more than 65,535 clients of one gateway */
  constructor(clientIds: readonly ClientId[]) {
    for (const clientId of clientIds) {
      const { gateway, connectionId } = parseClientId(clientId);
      const connectionIds = this.#byGateway.get(gateway);
      if (connectionIds === undefined) this.#byGateway.set(gateway, [connectionId]);
      else if (connectionIds.push(connectionId) > MAX_EXCLUDED) {
        throw new InvalidArgumentError(
          'exclude',
          `takes at most ${MAX_EXCLUDED} clients of one gateway. Put those who get the message into a group.`,
        );
      }
    }
  }

  of(gateway: string): readonly number[] {
    return this.#byGateway.get(gateway) ?? NOBODY;
  }
}

const NO_EXCLUSION = new Exclusion([]);

/** @throws InvalidArgumentError as `Exclusion` does */
export function excluding(clientIds: readonly ClientId[] | undefined): Exclusion {
  return clientIds === undefined || clientIds.length === 0 ? NO_EXCLUSION : new Exclusion(clientIds);
}

/** Bytes that are sent later must not change meanwhile, as a buffer from a socket does. */
export function ownCopy(message: Payload): Payload {
  return typeof message === 'string' ? message : Buffer.from(message);
}
