import type { Executor } from './executor.js';

export const sendToClient: Executor<'sendToClient'> = ({ table, delivery }, { connectionId, message }) =>
  delivery.toOne(table.get(connectionId), message);

export const sendToGroup: Executor<'sendToGroup'> = ({ table, delivery }, { group, exclude, message }) =>
  delivery.toMany(table.namespace.groups.members(group), message, exclude);

export const sendToAll: Executor<'sendToAll'> = ({ table, delivery }, { exclude, message }) =>
  delivery.toMany(table.everyone, message, exclude);
