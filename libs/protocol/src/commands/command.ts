import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { Codec } from '../codec.js';

/** A command that is not answered. */
export interface Command<Request, Received extends Request = Request> {
  readonly code: number;
  readonly request: Codec<Request, Received>;
  readonly reply?: undefined;
}

/** A command that is answered, by exactly one reply. */
export interface Question<Request, Reply, Received extends Request = Request, Answer extends Reply = Reply> {
  readonly code: number;
  readonly request: Codec<Request, Received>;
  readonly reply: Codec<Reply, Answer>;
}

/** What a caller hands over. */
export type RequestOf<C> = C extends { request: Codec<infer Request, infer _Read> } ? Request : never;
/** What the gateway reads. */
export type ReceivedOf<C> = C extends { request: Codec<infer _Written, infer Received> } ? Received : never;
/** What the gateway answers; `void` for a command without a reply. */
export type ReplyOf<C> = C extends { reply: Codec<infer Reply, infer _Read> } ? Reply : void;
/** What the caller gets. */
export type AnswerOf<C> = C extends { reply: Codec<infer _Written, infer Answer> } ? Answer : void;

export function writeRequest<Request>(
  writer: ByteWriter,
  command: { readonly code: number; readonly request: Codec<Request> },
  // Inferred from the command alone: else plain text would do where a byte string is asked for.
  request: NoInfer<Request>,
): void {
  writer.u8(command.code);
  command.request.write(writer, request);
}

/**
 * Reads a request whose code has been taken off already.
 * @throws ProtocolError when it is cut short, or longer than its layout.
 */
export function readRequest<Received>(
  reader: ByteReader,
  command: { readonly code: number; readonly request: { read(reader: ByteReader): Received } },
): Received {
  const request = command.request.read(reader);
  reader.expectEnd(`The request of command ${command.code}`);
  return request;
}

/** @throws ProtocolError when it is cut short, or longer than its layout. */
export function readReply<Reply, Answer extends Reply>(
  reader: ByteReader,
  command: { readonly code: number; readonly reply: Codec<Reply, Answer> },
): Answer {
  const answer = command.reply.read(reader);
  reader.expectEnd(`The reply to command ${command.code}`);
  return answer;
}
