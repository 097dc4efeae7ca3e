import type { sendToUid as sendToUidCommand, ReceivedOf } from '#protocol';
import type { InSteps } from '../connection/in-steps.js';
import type { CommandContext, Executor } from './executor.js';

export const sendToClient: Executor<'sendToClient'> = (
  { table, delivery, marks },
  { connectionId, message },
) => delivery.toOne(table.get(connectionId), message, marks.coalescingKey);

export const sendToGroup: Executor<'sendToGroup'> = (
  { table, delivery, marks },
  { group, exclude, message },
) => delivery.toMany(table.namespace.groups.members(group), message, exclude, marks.coalescingKey);

export const sendToAll: Executor<'sendToAll'> = ({ table, delivery, marks }, { exclude, message }) =>
  delivery.toMany(table.everyone, message, exclude, marks.coalescingKey);

/** Of the extension alone. */
export const sendToUid = (
  { table, delivery, marks }: CommandContext,
  { uid, exclude, message }: ReceivedOf<typeof sendToUidCommand>,
): InSteps | undefined =>
  delivery.toMany(table.namespace.uids.members(uid), message, exclude, marks.coalescingKey);
