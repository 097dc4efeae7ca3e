import { type Connection, ConnectionTable, GatewayStats, rendezvousRouter } from '#gateway';
import { byteStringFromText } from '#protocol';
import { Delivery } from '../../../libs/gateway/src/connection/delivery.js';
import { slotOf } from '../../../libs/gateway/src/connection/slot-allocator.js';
import { RouteTable } from '../../../libs/gateway/src/workers/route-table.js';
import { WorkerLink } from '../../../libs/gateway/src/workers/worker-link.js';
import { type MicroCase, repeated } from '../micro-case.js';
import { CountingTransport } from '../../counting-transport.js';

const CONNECTIONS = 10_000;
const MEMBERS = 1000;
const PAGE = 100;
const PASS = 1000;
const WORKERS = 4;
const UID = byteStringFromText('user-4711');
const GROUP = byteStringFromText('lobby');
const MESSAGE = Buffer.alloc(128, 'nestwire ');

interface Filled {
  readonly table: ConnectionTable;
  readonly transport: CountingTransport;
  readonly connections: readonly Connection[];
}

function filledTable(count: number): Filled {
  const table = new ConnectionTable();
  const transport = new CountingTransport();
  const connections = Array.from({ length: count }, () => table.open(transport)!);
  return { table, transport, connections };
}

const table: readonly MicroCase[] = [
  repeated('connection table', 'open and close', PASS, () => {
    const { table, transport } = filledTable(CONNECTIONS);
    const operation = (): number => {
      const connection = table.open(transport)!;
      table.close(connection);
      return table.size;
    };
    return { operation, each: CONNECTIONS };
  }),
  repeated('connection table', 'bind and unbind', PASS, () => {
    const { table, connections } = filledTable(CONNECTIONS);
    const operation = (i: number): number => {
      const connection = connections[i]!;
      table.bind(connection, UID);
      const bound = table.namespace.uids.count(UID);
      table.unbind(connection);
      return bound;
    };
    return { operation, each: 1 };
  }),
  repeated('connection table', 'join and leave a group of 1,000', PASS, () => {
    const { table, connections } = filledTable(CONNECTIONS);
    for (const connection of connections.slice(0, MEMBERS)) table.join(connection, GROUP);
    const operation = (i: number): number => {
      const connection = connections[MEMBERS + i]!;
      table.join(connection, GROUP);
      const members = table.namespace.groups.count(GROUP);
      table.leave(connection, GROUP);
      return members;
    };
    return { operation, each: MEMBERS + 1 };
  }),
  repeated('connection table', 'look up by id, one of 10,000', PASS, () => {
    const { table, connections } = filledTable(CONNECTIONS);
    const ids = connections.map(({ id }) => id);
    // A step that meets them in no order that a cache could foresee.
    return { operation: (i) => (table.get(ids[(i * 7919) % CONNECTIONS]!) === undefined ? 0 : 1), each: 1 };
  }),
  repeated('connection table', 'list a page of 100', PASS / 10, () => {
    const { table, connections } = filledTable(CONNECTIONS);
    const middle = table.slotAfter(connections[CONNECTIONS / 2]!.id);
    return { operation: () => table.everyone.ids(middle, PAGE).length, each: PAGE };
  }),
];

/** Routing looks at a worker's number alone; a link would be a socket. */
const workers = Array.from({ length: WORKERS }, (_, id) => new WorkerLink(id, undefined as never, []));

const routes: readonly MicroCase[] = [
  repeated('routes', 'choose one of 4 workers', PASS, () => {
    const { connections } = filledTable(PASS);
    const each = connections.reduce((sum, one) => sum + rendezvousRouter.choose(one, workers).id, 0) / PASS;
    return { operation: (i) => rendezvousRouter.choose(connections[i]!, workers).id, each };
  }),
  repeated('routes', 'find the worker of a client, one of 10,000', PASS, () => {
    const { connections } = filledTable(CONNECTIONS);
    const routes = new RouteTable(0);
    const slots = connections.map(({ id }) => slotOf(id));
    for (const slot of slots) routes.set(slot, workers[1]);
    return { operation: (i) => routes.use(slots[(i * 7919) % CONNECTIONS]!)?.id ?? 0, each: 1 };
  }),
];

const LIMITS = { maxMessageBytes: 1024 * 1024 };

const delivery: readonly MicroCase[] = [
  repeated('delivery', 'a message of 128 B to 1', PASS, () => {
    const { table, transport, connections } = filledTable(CONNECTIONS);
    const delivery = new Delivery(table, LIMITS, new GatewayStats());
    const operation = (i: number): number => {
      const before = transport.sent;
      delivery.toOne(connections[i], MESSAGE);
      return transport.sent - before;
    };
    return { operation, each: 1 };
  }),
  ...[0, 1, 100].map((excluded) =>
    repeated('delivery', `a message of 128 B to a group of 1,000, ${excluded} left out`, 10, () => {
      const { table, transport, connections } = filledTable(CONNECTIONS);
      for (const connection of connections.slice(0, MEMBERS)) table.join(connection, GROUP);
      const delivery = new Delivery(table, LIMITS, new GatewayStats());
      const members = table.namespace.groups.members(GROUP);
      const excludedIds = connections.slice(0, excluded).map(({ id }) => id);
      const operation = (): number => {
        const before = transport.sent;
        const rest = delivery.toMany(members, MESSAGE, excludedIds);
        if (rest !== undefined) throw new Error('A group of 1,000 is to get its message at once');
        return transport.sent - before;
      };
      return { operation, each: MEMBERS - excluded };
    }),
  ),
];

export const TABLE_CASES: readonly MicroCase[] = [...table, ...routes, ...delivery];
