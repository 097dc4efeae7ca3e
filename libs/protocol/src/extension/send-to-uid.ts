import type { Command } from '../commands/command.js';
import {
  readIds,
  type OfUid,
  type WithExclusion,
  type WithMessage,
  type WithReceivedMessage,
} from '../commands/fields.js';
import { ExtensionCode } from './codes.js';

/**
 * A message to all clients of a uid, found by the gateway itself: `u16 length | u32 n | uid | u32*n excluded | message`. Over the
 * base protocol a caller has to ask for the clients first.
 */
export const sendToUid: Command<
  OfUid & WithExclusion & WithMessage,
  OfUid & WithExclusion & WithReceivedMessage
> = {
  code: ExtensionCode.SendToUid,
  request: {
    write(writer, { uid, exclude, message }) {
      writer.length16(uid.length, 'uid');
      writer.u32(exclude.length);
      writer.byteString(uid);
      for (const id of exclude) writer.u32(id);
      writer.payload(message);
    },
    read(reader) {
      const uidLength = reader.u16();
      const excluded = reader.u32();
      return {
        uid: reader.byteString(uidLength),
        exclude: readIds(reader, excluded),
        message: reader.rest(),
      };
    },
  },
};
