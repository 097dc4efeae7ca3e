import type { Codec } from '../codec.js';
import type { Command, Question } from './command.js';
import { connectionAndSession, ofConnection, type OfConnection } from './fields.js';

/** Sessions are bytes here: only their readers know the serialization, which is a setting of the whole cluster. */
type WithSession = OfConnection & { readonly session: Uint8Array };
type WithReceivedSession = OfConnection & { readonly session: Buffer };

const session: Codec<Uint8Array, Buffer> = {
  write: (writer, bytes) => writer.bytes(bytes),
  read: (reader) => reader.rest(),
};

export const deleteSession: Command<OfConnection> = { code: 3, request: ofConnection };

/** The serialized session, the serialized empty array, or serialized null for an unknown client. */
export const getSession: Question<OfConnection, Uint8Array, OfConnection, Buffer> = {
  code: 12,
  request: ofConnection,
  reply: session,
};

export const setSession: Command<WithSession, WithReceivedSession> = {
  code: 23,
  request: connectionAndSession,
};

/** Merged into the session key by key. */
export const updateSession: Command<WithSession, WithReceivedSession> = {
  code: 26,
  request: connectionAndSession,
};
