import type { Command } from './command.js';
import {
  readIds,
  type OfConnection,
  type OfGroup,
  type WithExclusion,
  type WithMessage,
  type WithReceivedMessage,
} from './fields.js';

export const sendToAll: Command<WithExclusion & WithMessage, WithExclusion & WithReceivedMessage> = {
  code: 20,
  request: {
    write(writer, { exclude, message }) {
      writer.length16(exclude.length, 'exclude');
      for (const id of exclude) writer.u32(id);
      writer.payload(message);
    },
    read: (reader) => ({ exclude: readIds(reader, reader.u16()), message: reader.rest() }),
  },
};

export const sendToClient: Command<OfConnection & WithMessage, OfConnection & WithReceivedMessage> = {
  code: 21,
  request: {
    write(writer, { connectionId, message }) {
      writer.u32(connectionId);
      writer.payload(message);
    },
    read: (reader) => ({ connectionId: reader.u32(), message: reader.rest() }),
  },
};

export const sendToGroup: Command<
  OfGroup & WithExclusion & WithMessage,
  OfGroup & WithExclusion & WithReceivedMessage
> = {
  code: 22,
  request: {
    write(writer, { group, exclude, message }) {
      writer.length8(group.length, 'group');
      writer.length16(exclude.length, 'exclude');
      writer.byteString(group);
      for (const id of exclude) writer.u32(id);
      writer.payload(message);
    },
    read(reader) {
      const groupLength = reader.u8();
      const excluded = reader.u16();
      return {
        group: reader.byteString(groupLength),
        exclude: readIds(reader, excluded),
        message: reader.rest(),
      };
    },
  },
};
