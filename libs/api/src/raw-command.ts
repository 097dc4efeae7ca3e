import { COMMANDS, InvalidArgumentError, type ClientId, type Codec, type NodeAddress } from '#protocol';
import type { QuestionDefinition } from './definition.js';

/** One gateway: by its address, or by the id of any of its clients. */
export type GatewayTarget = NodeAddress | ClientId;

/** A definition without a request takes no third argument. */
export type RequestArguments<Request> = [Request] extends [void] ? [] : [request: Request];

const BASE_COMMANDS = new Map(
  Object.entries(COMMANDS).map(([name, { code, reply }]) => [code, { name, reply }]),
);

/** What is above is no command, but what links say to each other. */
const LAST_COMMAND_CODE = 199;

/** Everything behind the code byte, as it is. */
const bytes: Codec<Uint8Array, Buffer> = {
  write: (writer, value) => writer.bytes(value),
  read: (reader) => reader.rest(),
};

export interface RawCommand {
  readonly definition: QuestionDefinition<Uint8Array, Buffer>;
  readonly body: Uint8Array;
}

const CONNECTION_ID_BYTES = 4;
/** They are read on this side too: handlers see at once what they wrote. */
const SESSION_WRITES: readonly number[] = [
  COMMANDS.setSession,
  COMMANDS.updateSession,
  COMMANDS.deleteSession,
].map(({ code }) => code);

/** @throws InvalidArgumentError for an empty payload: its first byte is the code of the command; and for a session without a client */
export function rawCommand(payload: Uint8Array): RawCommand {
  const code = payload[0];
  if (code === undefined) {
    throw new InvalidArgumentError('payload', 'must begin with the code byte of a command, and is empty.');
  }
  const body = payload.subarray(1);
  if (body.length < CONNECTION_ID_BYTES && SESSION_WRITES.includes(code)) {
    throw new InvalidArgumentError('payload', 'must have the id of a connection behind the code.');
  }
  return { definition: { code, request: bytes, reply: bytes }, body };
}

/**
 * Over the base protocol replies are told apart by their order alone, so a reply that nobody waits for, or one that never comes, ruins the link.
 * @throws InvalidArgumentError for a code that is known to be of the other kind. Of custom codes the definition tells the kind;
 * who sends them as raw bytes must know it.
 */
export function checkKind(
  definition: { readonly code: number; readonly reply?: unknown },
  isQuestion: boolean,
): void {
  const { code } = definition;
  const base = BASE_COMMANDS.get(code);
  if (code === COMMANDS.registerWorker.code) {
    throw new InvalidArgumentError(
      'command',
      'must not be registerWorker: events come on links of their own.',
    );
  }
  if (code > LAST_COMMAND_CODE) {
    throw new InvalidArgumentError('command', `must have a code up to ${LAST_COMMAND_CODE}, not ${code}.`);
  }
  const isAnswered = base === undefined ? definition.reply !== undefined : base.reply !== undefined;
  if (isAnswered === isQuestion) return;
  const what = base?.name ?? `command ${code}`;
  throw new InvalidArgumentError(
    'command',
    isQuestion
      ? `${what} is never answered. Use sendToAddress.`
      : `${what} is answered. Use sendToAddressAndRecv, also when the answer does not matter.`,
  );
}
