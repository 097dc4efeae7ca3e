import { WebSocketServer, type WebSocket } from 'ws';

/** The peer of the load tests: the `ws` package in one process, used as its README does. Prints its port. */
const groups = new Map<string, Set<WebSocket>>();

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(process.argv[2] ?? 0),
  perMessageDeflate: false,
});
server.on('listening', () => process.stdout.write(`${JSON.stringify(server.address())}\n`));
server.on('connection', (client) => {
  client.on('message', (data: Buffer, isBinary) => {
    const command = data.toString('latin1', 0, 2);
    if (command === 'J:') join(data.toString('utf8', 2), client);
    else if (command === 'B:')
      for (const member of groups.get('g') ?? []) member.send(data.subarray(2), { binary: isBinary });
    else if (command === 'A:')
      for (const other of server.clients) other.send(data.subarray(2), { binary: isBinary });
    else client.send(data, { binary: isBinary });
  });
  client.on('close', () => {
    for (const members of groups.values()) members.delete(client);
  });
});

function join(group: string, client: WebSocket): void {
  const members = groups.get(group) ?? new Set();
  groups.set(group, members.add(client));
}
