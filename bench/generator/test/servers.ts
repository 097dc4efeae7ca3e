import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';

/** A real server, on a port of its own. */
export interface RunningServer {
  readonly port: number;
  /** Messages that came, in order. */
  readonly received: string[];
  /** Connections that were ever opened. */
  readonly opened: number;
  /** Closes that came with a code, by code. */
  readonly closes: Map<number, number>;
  close(): Promise<void>;
}

export type Answer = (text: string, client: WebSocket, isBinary: boolean) => void;
export interface ServerSetup {
  readonly answer: Answer;
  readonly greet?: (client: WebSocket, path: string) => void;
}

export const echoAnswer: Answer = (text, client, isBinary) => {
  client.send(text, { binary: isBinary });
};

/** `J:` joins, `B:text` sends the text to all that have joined, anything else is echoed. */
export function roomAnswer(
  deliver: (member: WebSocket, text: string) => void = (member, text) => member.send(text),
): Answer {
  const members: WebSocket[] = [];
  return (text, client, isBinary) => {
    if (text.startsWith('J:')) members.push(client);
    else if (text.startsWith('B:')) members.forEach((member) => deliver(member, text.slice(2)));
    else echoAnswer(text, client, isBinary);
  };
}

export async function startServer({ answer, greet }: ServerSetup): Promise<RunningServer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((resolve) => server.once('listening', resolve));
  const received: string[] = [];
  const closes = new Map<number, number>();
  let opened = 0;
  server.on('connection', (client, request) => {
    opened++;
    greet?.(client, request.url ?? '');
    client.on('message', (data: Buffer, isBinary) => {
      received.push(data.toString());
      answer(data.toString(), client, isBinary);
    });
    client.on('close', (code) => closes.set(code, (closes.get(code) ?? 0) + 1));
  });
  return {
    port: (server.address() as AddressInfo).port,
    received,
    closes,
    get opened() {
      return opened;
    },
    async close() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
