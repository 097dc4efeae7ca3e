import { ClientField, type ClientDetails } from '#protocol';
import type { Connection } from '../connection/connection.js';
import type { CommandContext, Executor } from './executor.js';
import { listIds } from './listing.js';

export const closeClient: Executor<'closeClient'> = (context, { connectionId, mode }) => {
  const connection = context.table.get(connectionId);
  if (connection !== undefined) context.closeClient(connection, mode);
};

export const getClientCount: Executor<'getClientCount'> = ({ table }) => table.size;

export const getClientList: Executor<'getClientList'> = ({ table }, { limit, after }) =>
  listIds(table.everyone, table.slotAfter(after), limit);

export const isOnline: Executor<'isOnline'> = ({ table }, { connectionId }) =>
  table.get(connectionId)?.isOnline ?? false;

export const getClientInfo: Executor<'getClientInfo'> = (context, { connectionId, fields }) => {
  const connection = context.table.get(connectionId);
  // With none of the known bits set, a known and an unknown client look the same: so says the protocol.
  const isAsked = connection !== undefined && (fields & ALL_FIELDS) !== 0;
  return { fields, client: isAsked ? detailsOf(context, connection, fields) : undefined };
};

const ALL_FIELDS = Object.values(ClientField).reduce((bits, bit) => bits | bit, 0);
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const WEBSOCKET_ACTIVE = 3;

function detailsOf({ codec }: CommandContext, connection: Connection, fields: number): ClientDetails {
  const { transport, uid, session } = connection;
  return {
    uid,
    session: session.length === 0 ? codec.empty : session,
    groups: connection.groups,
    // The wire has room for IPv4 alone.
    remoteIp: IPV4.test(transport.remoteAddress) ? transport.remoteAddress : '0.0.0.0',
    remotePort: transport.remotePort,
    ...((fields & ClientField.System) === 0 ? {} : { system: codec.encode(systemFacts(connection)) }),
  };
}

/** About the socket, under the names that the original gives them. */
function systemFacts({ transport, connectedAtMs }: Connection): Record<string, number | string> {
  return {
    websocket_status: transport.kind === 'ws' ? WEBSOCKET_ACTIVE : 0,
    server_port: transport.localPort,
    remote_port: transport.remotePort,
    remote_ip: transport.remoteAddress,
    connect_time: Math.floor(connectedAtMs / 1000),
    send_queued_bytes: transport.queuedBytes,
  };
}
