import { UID_SAMPLE_SIZE, type ByteString } from '#protocol';
import { ascendingIds } from '../connection/connection-table.js';
import type { Executor } from './executor.js';
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
  table.namespace.uids.members(uid).size;

export const getClientListByUid: Executor<'getClientListByUid'> = ({ table }, { uid }) =>
  ascendingIds(table.namespace.uids.members(uid));

export const getUidList: Executor<'getUidList'> = ({ table }) => [...table.namespace.uids.names()];

export const getUidCount: Executor<'getUidCount'> = ({ table }, { sample: wantsSample }) => {
  const sample: ByteString[] = [];
  const { uids } = table.namespace;
  if (wantsSample) {
    for (const uid of uids.names()) if (sample.push(uid) === UID_SAMPLE_SIZE) break;
  }
  return { count: uids.size, sample };
};
