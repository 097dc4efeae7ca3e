import type { Link } from '#link';
import {
  COMMANDS,
  ExtensionCode,
  InvalidArgumentError,
  ProtocolError,
  readMarks,
  ReplyFailure,
  sendToUid,
  writeFailedReply,
  type ByteReader,
  type ReceivedOf,
} from '#protocol';
import { UnanswerableError } from '../errors.js';
import type { CommandContext } from './executor.js';
import { sendToUid as executeSendToUid } from './send.commands.js';

/** Deals with a frame whose code has been taken off. What it throws ends the link. `id`: what the command in it is answered under. */
export type FrameExecutor = (payload: ByteReader, link: Link, id: number) => void;

export interface ExtensionParts {
  readonly context: CommandContext;
  /** Runs the command that follows in the payload, and answers it under the id, if one is given. */
  readonly execute: (payload: ByteReader, link: Link, id?: number) => void;
  readonly addCommand: (
    definition: typeof sendToUid,
    run: (request: unknown, caller: Link) => unknown,
  ) => void;
}

const UNMARKED = {};

/** Frames of the extension that are about commands: those under an id, those with marks, and the command that the base has not. */
export function extensionFrames({
  context,
  execute,
  addCommand,
}: ExtensionParts): Readonly<Record<number, FrameExecutor>> {
  addCommand(sendToUid, (request) => executeSendToUid(context, request as ReceivedOf<typeof sendToUid>));
  return {
    [ExtensionCode.Request]: (payload, link) => {
      const id = payload.u32();
      try {
        execute(payload, link, id);
      } catch (error) {
        writeFailure(link, id, error);
      }
    },
    [ExtensionCode.Marked]: (payload, link, id) => {
      context.marks = readMarks(payload);
      try {
        execute(payload, link, id);
      } finally {
        context.marks = UNMARKED;
      }
    },
  };
}

/**
 * Tells the caller why it gets no answer. The frame was whole, so that the link can be trusted as before.
 * @throws what is no failure of the request: it ends the link
 */
export function writeFailure(link: Link, id: number, error: unknown): void {
  const code = failureOf(error);
  if (code === undefined || !(error instanceof Error)) throw error;
  link.send((writer) => writeFailedReply(writer, id, { code, text: error.message }));
}

function failureOf(error: unknown): string | undefined {
  if (error instanceof UnanswerableError) return error.failure;
  const isBadArgument = error instanceof ProtocolError || error instanceof InvalidArgumentError;
  return isBadArgument ? ReplyFailure.BadArgument : undefined;
}

/** Commands that change a session, which later events of the client carry. */
export const SESSION_WRITES: ReadonlySet<number> = new Set([
  COMMANDS.setSession.code,
  COMMANDS.updateSession.code,
  COMMANDS.deleteSession.code,
]);
