import type { ByteString } from '../byte-string.js';
import type { Command, Question } from './command.js';
import {
  connectionAndGroup,
  connectionIds,
  count,
  names,
  nothing,
  ofGroup,
  type OfConnection,
  type OfGroup,
} from './fields.js';

export const getClientCountByGroup: Question<OfGroup, number> = { code: 5, request: ofGroup, reply: count };

/** The members' connection ids, ascending. */
export const getClientListByGroup: Question<OfGroup, readonly number[], OfGroup, number[]> = {
  code: 9,
  request: ofGroup,
  reply: connectionIds,
};

export const getGroupList: Question<void, readonly ByteString[], void, ByteString[]> = {
  code: 11,
  request: nothing,
  reply: names,
};

/** The uids bound by members of the group, each once; members without a uid are left out. */
export const getUidListByGroup: Question<OfGroup, readonly ByteString[], OfGroup, ByteString[]> = {
  code: 15,
  request: ofGroup,
  reply: names,
};

export const joinGroup: Command<OfConnection & OfGroup> = { code: 17, request: connectionAndGroup };

export const leaveGroup: Command<OfConnection & OfGroup> = { code: 18, request: connectionAndGroup };

/** Every member leaves: the group is gone. */
export const unGroup: Command<OfGroup> = { code: 25, request: ofGroup };
