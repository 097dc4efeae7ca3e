import type { ByteString } from '#protocol';
import { ascendingIds } from '../connection/connection-table.js';
import type { Executor } from './executor.js';
import { isTooLong } from './name-limit.js';

export const joinGroup: Executor<'joinGroup'> = ({ table, stats }, { connectionId, group }) => {
  if (isTooLong(group, stats)) return;
  const connection = table.get(connectionId);
  if (connection !== undefined) table.join(connection, group);
};

export const leaveGroup: Executor<'leaveGroup'> = ({ table }, { connectionId, group }) => {
  const connection = table.get(connectionId);
  if (connection !== undefined) table.leave(connection, group);
};

export const unGroup: Executor<'unGroup'> = ({ table }, { group }) => table.dissolve(group);

export const getGroupList: Executor<'getGroupList'> = ({ table }) => [...table.namespace.groups.names()];

export const getClientCountByGroup: Executor<'getClientCountByGroup'> = ({ table }, { group }) =>
  table.namespace.groups.members(group).size;

export const getClientListByGroup: Executor<'getClientListByGroup'> = ({ table }, { group }) =>
  ascendingIds(table.namespace.groups.members(group));

export const getUidListByGroup: Executor<'getUidListByGroup'> = ({ table }, { group }) => {
  const uids = new Set<ByteString>();
  for (const { uid } of table.namespace.groups.members(group)) if (uid !== '') uids.add(uid);
  return [...uids];
};
