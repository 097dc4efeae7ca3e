import { UID_SAMPLE_SIZE, type ByteString } from '#protocol';
import type { Executor } from './executor.js';
import { listIds, listNames } from './listing.js';
import { isTooLong } from './name-limit.js';

export const bindUid: Executor<'bindUid'> = ({ table, stats }, { connectionId, uid }) => {
  if (isTooLong(uid, stats)) return;
  const connection = table.get(connectionId);
  if (connection === undefined) return;
  if (uid === '') table.unbind(connection);
  else table.bind(connection, uid);
};

export const unBindUid: Executor<'unBindUid'> = ({ table }, { connectionId }) => {
  const connection = table.get(connectionId);
  if (connection !== undefined) table.unbind(connection);
};

export const getClientCountByUid: Executor<'getClientCountByUid'> = ({ table }, { uid }) =>
  table.namespace.uids.count(uid);

export const getClientListByUid: Executor<'getClientListByUid'> = ({ table }, { uid }) =>
  listIds(table.namespace.uids.members(uid));

export const getUidList: Executor<'getUidList'> = ({ table }) => listNames(table.namespace.uids);

export const getUidCount: Executor<'getUidCount'> = ({ table }, { sample: wantsSample }) => {
  const sample: ByteString[] = [];
  const { uids } = table.namespace;
  if (wantsSample) {
    for (const uid of uids.names()) if (sample.push(uid) === UID_SAMPLE_SIZE) break;
  }
  return { count: uids.size, sample };
};
