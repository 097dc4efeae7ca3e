import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeFrame, type NodeAddress } from '#protocol';
import { ListedByHand, rejection, unstarted } from './test/pool-kit.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Answers whatever comes with the same bytes. */
async function answering(bytes: Buffer): Promise<{ address: NodeAddress; server: Server }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    socket.on('data', () => socket.write(bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port }, server };
}

function withWrongChecksum(): Buffer {
  const frame = encodeFrame((writer) => writer.u32(5));
  frame.writeUInt8(frame.readUInt8(4) ^ 1, 4);
  return frame;
}

describe('wrong bytes from a gateway', () => {
  it.each([
    ['a wrong checksum', withWrongChecksum(), 'ERR_NESTWIRE_FRAME_CHECKSUM'],
    ['a length below its own header', Buffer.from('0000000700000000', 'hex'), 'ERR_NESTWIRE_FRAME_LENGTH'],
    ['another protocol', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'ERR_NESTWIRE_FRAME_LENGTH'],
  ])('%s ends the link, and the caller is told which one', async (_name, bytes, code) => {
    const { address, server } = await answering(bytes);
    const { api, pool } = unstarted(new ListedByHand([address]), { questionTimeoutMs: 5_000 });
    await pool.start();
    const redialled = once(server, 'connection');
    const error = await rejection(api.sendToAddressAndRecv(address, Buffer.from([4])));
    expect(error).toMatchObject({ code: 'ERR_NESTWIRE_GATEWAY_LOST', gateway: address, cause: { code } });
    await redialled;
  });
});
