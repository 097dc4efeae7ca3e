import { NO_SESSION } from '../connection/connection.js';
import type { Executor } from './executor.js';
import { replaceSession } from './session-limit.js';

export const getSession: Executor<'getSession'> = ({ table, codec }, { connectionId }) => {
  const connection = table.get(connectionId);
  if (connection === undefined) return codec.none;
  return connection.session.length === 0 ? codec.empty : connection.session;
};

export const setSession: Executor<'setSession'> = (context, { connectionId, session }) => {
  const connection = context.table.get(connectionId);
  if (connection !== undefined) replaceSession(context, connection, context.codec.normalize(session));
};

export const updateSession: Executor<'updateSession'> = (context, { connectionId, session }) => {
  const connection = context.table.get(connectionId);
  if (connection === undefined) return;
  replaceSession(context, connection, context.codec.merge(connection.session, session));
};

export const deleteSession: Executor<'deleteSession'> = ({ table }, { connectionId }) => {
  const connection = table.get(connectionId);
  if (connection !== undefined) connection.session = NO_SESSION;
};
