import { decodeSession } from '#api';
import {
  decodeCloseDetails,
  decodeUpgradeRequest,
  type ClientId,
  type CloseDetails,
  type SessionCodec,
  type UpgradeRequest,
} from '#protocol';

import { MalformedEventError } from '../errors.js';
import type { ClientSession } from './client-session.js';
import type { SessionOverlay } from './session-overlay.js';
import { SharedSessions } from './shared-sessions.js';

/** Told of every part of an event that could not be read, once. */
export type MalformedListener = (error: MalformedEventError) => void;

const NO_SESSION: ClientSession = Object.freeze({});

/**
 * Reads the serialized parts of events for the contexts that handlers see. What cannot be read is returned as an
 * error instead of thrown, so that a context can remember it like a value and is read once.
 */
export class EventDecoder {
  readonly #codec: SessionCodec;
  readonly #malformed: MalformedListener;
  readonly #sessions = new SharedSessions();

  /** @param overlay what was written to sessions while the events were on their way */
  constructor(
    codec: SessionCodec,
    readonly overlay: SessionOverlay,
    malformed: MalformedListener,
  ) {
    this.#codec = codec;
    this.#malformed = malformed;
  }

  session(clientId: ClientId, connectionId: number, bytes: Uint8Array): ClientSession | MalformedEventError {
    if (bytes.length === 0) return NO_SESSION;
    const known = this.#sessions.find(connectionId, bytes);
    if (known !== undefined) return known;
    return this.#read(clientId, 'session', () => {
      const session = Object.freeze(decodeSession(this.#codec, bytes) ?? NO_SESSION);
      this.#sessions.keep(connectionId, bytes, session);
      return session;
    });
  }

  upgradeRequest(clientId: ClientId, bytes: Uint8Array): UpgradeRequest | MalformedEventError {
    return this.#read(clientId, 'upgrade request', () => decodeUpgradeRequest(this.#codec, bytes));
  }

  closeDetails(clientId: ClientId, bytes: Uint8Array): CloseDetails | MalformedEventError {
    return this.#read(clientId, 'close details', () => decodeCloseDetails(this.#codec, bytes));
  }

  #read<Part>(
    clientId: ClientId,
    part: MalformedEventError['part'],
    read: () => Part,
  ): Part | MalformedEventError {
    try {
      return read();
    } catch (cause) {
      const error = new MalformedEventError(clientId, part, cause);
      this.#malformed(error);
      return error;
    }
  }
}

/** @throws MalformedEventError when that is what reading gave */
export function readable<Part>(part: Part | MalformedEventError): Part {
  if (part instanceof MalformedEventError) throw part;
  return part;
}
