import type { ByteString } from '../byte-string.js';
import type { Command, Question } from './command.js';
import {
  connectionAndUid,
  connectionIds,
  count,
  names,
  nothing,
  ofConnection,
  ofUid,
  readName8,
  writeName8,
  type OfConnection,
  type OfUid,
} from './fields.js';

/** At most this many uids come with a count as a sample. */
export const UID_SAMPLE_SIZE = 100;

export interface UidCountReply {
  readonly count: number;
  /** Up to 100 of the uids when the caller asked for them: an estimate over many gateways needs a sample of each. */
  readonly sample: readonly ByteString[];
}

/** An empty uid unbinds. */
export const bindUid: Command<OfConnection & OfUid> = { code: 1, request: connectionAndUid };

export const getClientCountByUid: Question<OfUid, number> = { code: 6, request: ofUid, reply: count };

/** The connections bound to the uid, ascending. */
export const getClientListByUid: Question<OfUid, readonly number[], OfUid, number[]> = {
  code: 10,
  request: ofUid,
  reply: connectionIds,
};

export const getUidCount: Question<{ readonly sample: boolean }, UidCountReply> = {
  code: 13,
  request: {
    write: (writer, { sample }) => writer.u8(sample ? 1 : 0),
    read: (reader) => ({ sample: reader.u8() !== 0 }),
  },
  reply: {
    write(writer, { count: uids, sample }) {
      writer.u32(uids);
      for (const uid of sample) writeName8(writer, uid);
    },
    read(reader) {
      const uids = reader.u32();
      const sample: ByteString[] = [];
      while (reader.remaining > 0) sample.push(readName8(reader));
      return { count: uids, sample };
    },
  },
};

export const getUidList: Question<void, readonly ByteString[], void, ByteString[]> = {
  code: 14,
  request: nothing,
  reply: names,
};

export const unBindUid: Command<OfConnection> = { code: 24, request: ofConnection };
