import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { ProtocolError } from '../errors.js';
import { ExtensionCode } from './codes.js';

/** How a Request was answered. What a caller does not know is an error all the same. */
export const ReplyStatus = { Ok: 0, Failed: 1 } as const;

/** Why a request was not answered, in codes that stay the same between releases. */
export const ReplyFailure = {
  UnknownCommand: 'unknown-command',
  BadArgument: 'bad-argument',
  TooLarge: 'too-large',
  Failed: 'failed',
} as const;

/** A failure as it came: the code may be one that this release does not know. */
export interface FailedReply {
  readonly code: string;
  readonly text: string;
}

/** `u8 202 | u32 id`, and then the command with its own code. */
export function writeRequestHead(writer: ByteWriter, id: number): void {
  writer.u8(ExtensionCode.Request);
  writer.u32(id);
}

/** `u8 203 | u32 id | u8 0`, and then the reply as the command has it in the base protocol. */
export function writeReplyHead(writer: ByteWriter, id: number): void {
  writer.u8(ExtensionCode.Reply);
  writer.u32(id);
  writer.u8(ReplyStatus.Ok);
}

/** `u8 203 | u32 id | u8 1 | u8 code length | code | text` */
export function writeFailedReply(writer: ByteWriter, id: number, { code, text }: FailedReply): void {
  writer.u8(ExtensionCode.Reply);
  writer.u32(id);
  writer.u8(ReplyStatus.Failed);
  const codeBytes = Buffer.from(code, 'utf8');
  writer.length8(codeBytes.length, 'code');
  writer.bytes(codeBytes);
  writer.payload(text);
}

/**
 * Reads what follows the code of a Reply: `failure` is undefined when the answer follows.
 * @throws ProtocolError when it is cut short, or the status is none
 */
export function readReplyHead(reader: ByteReader): { id: number; failure: FailedReply | undefined } {
  const id = reader.u32();
  const status = reader.u8();
  if (status === ReplyStatus.Ok) return { id, failure: undefined };
  if (status !== ReplyStatus.Failed)
    throw new ProtocolError('ERR_NESTWIRE_MALFORMED', `A reply has the status ${status}; 0 and 1 are known`);
  const code = reader.bytes(reader.u8()).toString('utf8');
  return { id, failure: { code, text: reader.restAsText() } };
}
