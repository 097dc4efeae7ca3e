import type { Executor } from './executor.js';
import { listIds, listNames, listUids } from './listing.js';
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

export const getGroupList: Executor<'getGroupList'> = ({ table }) => listNames(table.namespace.groups);

export const getClientCountByGroup: Executor<'getClientCountByGroup'> = ({ table }, { group }) =>
  table.namespace.groups.count(group);

export const getClientListByGroup: Executor<'getClientListByGroup'> = ({ table }, { group }) =>
  listIds(table.namespace.groups.members(group));

export const getUidListByGroup: Executor<'getUidListByGroup'> = ({ table }, { group }) =>
  listUids(table.namespace.groups.members(group));
