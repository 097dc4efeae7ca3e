import { connect, type Socket } from 'node:net';
import type { Given } from './commands.js';
import type { FloodRecord } from './records.js';

const TICK_MS = 5;
/** Of the near ends: one address has not enough ports for a long flood, because the system keeps each for a while. */
const ADDRESSES = 8;
/** A connection that is neither taken nor refused by then is left. */
const PATIENCE_MS = 2_000;
const MOST_AT_ONCE = 5_000;

/** What comes: most want to be clients, some say nothing, and some go in the midst of it. */
type Manner = 'upgrades' | 'silent' | 'leaves';
const MANNERS: readonly Manner[] = ['upgrades', 'upgrades', 'leaves', 'upgrades', 'silent'];

/** Connects so often that it is an attack: each connection goes as soon as it was answered, with a reset, which leaves nothing behind. */
export async function flood({ url, perSecond, forMs }: Given<'flood'>): Promise<FloodRecord> {
  const record = { attempts: 0, upgraded: 0, refused: 0, dropped: 0 };
  const { hostname, port } = new URL(url);
  const open = new Set<Socket>();
  const startMs = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const passedMs = performance.now() - startMs;
      const due = Math.min(passedMs, forMs) * (perSecond / 1_000);
      while (record.attempts < due && open.size < MOST_AT_ONCE) {
        attempt(hostname, Number(port), record, open);
      }
      if (passedMs < forMs + PATIENCE_MS) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  for (const socket of open) abandon(socket);
  return record;
}

function attempt(
  host: string,
  port: number,
  record: { attempts: number; upgraded: number; refused: number; dropped: number },
  open: Set<Socket>,
): void {
  const number = record.attempts++;
  const manner = MANNERS[number % MANNERS.length]!;
  const socket = connect({ host, port, localAddress: `127.0.0.${2 + (number % ADDRESSES)}` });
  let isAnswered = false;
  open.add(socket);
  socket.setTimeout(PATIENCE_MS / 2, () => abandon(socket));
  socket.on('connect', () => {
    if (manner !== 'silent') socket.write(request(host, port));
    if (manner === 'leaves') socket.resetAndDestroy();
  });
  socket.once('data', (answer) => {
    isAnswered = true;
    if (answer.toString('latin1', 0, 12) === 'HTTP/1.1 101') record.upgraded++;
    else record.refused++;
    socket.resetAndDestroy();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    open.delete(socket);
    if (!isAnswered && manner === 'upgrades') record.dropped++;
  });
}

/** Leaves nothing behind that the system would go on with: neither attempts to connect nor a goodbye. */
function abandon(socket: Socket): void {
  if (socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
}

function request(host: string, port: number): string {
  return [
    'GET / HTTP/1.1',
    `Host: ${host}:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    '\r\n',
  ].join('\r\n');
}
