import { describe, expect, it } from 'vitest';
import { COMMANDS } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { clientFrame, closeFrameIn, RawClient, WsClient } from '../test/clients.js';
import { decoded, TestGateway } from '../test/test-gateway.js';

const [CONTINUATION, TEXT, BINARY, CLOSE, PING] = [0, 1, 2, 8, 9];

describe('a WebSocket client', () => {
  it('is heard in text and in binary, in order', async () => {
    const node = await TestGateway.start();
    const worker = await node.worker();
    const client = await WsClient.open(node.ws);
    client.send('héllo');
    client.send(Buffer.from([0, 255, 1]));
    client.send('');
    const events = await worker.received(4);
    expect(events.slice(1)).toMatchObject([
      { type: 'message', opcode: TEXT, data: Buffer.from('héllo') },
      { type: 'message', opcode: BINARY, data: Buffer.from([0, 255, 1]) },
      { type: 'message', opcode: TEXT, data: Buffer.alloc(0) },
    ]);
    expect(node.stats.messagesReceived).toBe(3);
  });

  it('is heard as one message when it sends fragments, also with a ping between them', async () => {
    const node = await TestGateway.start();
    const worker = await node.worker();
    const client = await RawClient.upgrade(node.ws);
    client.write(clientFrame(TEXT, 'frag', { fin: false }));
    client.write(clientFrame(PING, 'p'));
    client.write(clientFrame(CONTINUATION, 'men', { fin: false }));
    client.write(clientFrame(CONTINUATION, 'ted'));
    await worker.received(2);
    expect(worker.texts).toEqual(['fragmented']);
    expect((await client.receivedBytes(3)).toString('latin1')).toBe('\x8a\x01p');
  });

  it('is heard byte by byte as well', async () => {
    const node = await TestGateway.start();
    const worker = await node.worker();
    const client = await RawClient.upgrade(node.ws);
    const frames = Buffer.concat([
      clientFrame(TEXT, 'one'),
      clientFrame(TEXT, ''),
      clientFrame(BINARY, 'two'),
    ]);
    for (const byte of frames) {
      client.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await worker.received(4);
    expect(worker.texts).toEqual(['one', '', 'two']);
  });

  const faults: readonly (readonly [string, Buffer, number])[] = [
    ['text that is not UTF-8', clientFrame(TEXT, Buffer.from([0xc3, 0x28])), 1007],
    ['a frame without a mask', clientFrame(TEXT, 'bare', { masked: false }), 1002],
    ['an unknown opcode', clientFrame(3, 'x'), 1002],
    ['a continuation of nothing', clientFrame(CONTINUATION, 'x'), 1002],
    ['reserved bits', Buffer.from([0xf1, 0x80, 0, 0, 0, 0]), 1002],
    ['a fragmented ping', clientFrame(PING, 'x', { fin: false }), 1002],
  ];
  for (const [what, bytes, code] of faults) {
    it(`that sends ${what} is closed with ${code}, counted, and its worker told`, async () => {
      const node = await TestGateway.start();
      const worker = await node.worker();
      const bystander = await WsClient.open(node.ws);
      const client = await RawClient.upgrade(node.ws);
      client.write(Buffer.concat([bytes, clientFrame(TEXT, 'never heard')]));
      await client.closed();
      expect(closeFrameIn(client.received)?.code).toBe(code);
      const { details } = await worker.event('close');
      expect(decoded(details)).toMatchObject({ code, ws: 1 });
      expect(node.stats.badClientBytes).toBe(1);
      expect(node.stats.closedWith[code]).toBe(1);
      expect(worker.texts).toEqual([]);
      expect(bystander.closing).toBeUndefined();
    });
  }

  it('that sends more than maxMessageBytes is closed with 1009 and counted, fragments added up', async () => {
    const node = await TestGateway.start({ maxMessageBytes: 1000 });
    const worker = await node.worker();
    const client = await WsClient.open(node.ws);
    client.send(Buffer.alloc(1000));
    await worker.received(2);
    client.send(Buffer.alloc(1001));
    expect((await client.closed()).code).toBe(1009);
    const pieces = await RawClient.upgrade(node.ws);
    pieces.write(clientFrame(BINARY, Buffer.alloc(100), { fin: false }));
    for (let i = 0; i < 10; i++) pieces.write(clientFrame(CONTINUATION, Buffer.alloc(100), { fin: false }));
    await pieces.closed();
    expect(closeFrameIn(pieces.received)?.code).toBe(1009);
    await until(() => worker.events.filter(({ type }) => type === 'close').length === 2, 'both are closed');
    for (const event of worker.events)
      if (event.type === 'close') expect(decoded(event.details)).toMatchObject({ code: 1009 });
    expect(node.stats.closedWith[1009]).toBe(2);
    expect(node.stats.badClientBytes).toBe(0);
    expect(worker.events.filter(({ type }) => type === 'message')).toHaveLength(1);
  });

  it('that announces a gigabyte is closed before any of it is waited for', async () => {
    const node = await TestGateway.start();
    const client = await RawClient.upgrade(node.ws);
    client.write(Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]));
    await client.closed();
    expect(closeFrameIn(client.received)?.code).toBe(1009);
  });

  it('takes its own code and reason along to the worker when it leaves', async () => {
    const node = await TestGateway.start();
    const worker = await node.worker();
    const client = await WsClient.open(node.ws);
    client.socket.close(4999, 'gone fishing');
    expect(decoded((await worker.event('close')).details)).toEqual({
      uid: '',
      group_list: [],
      ws: 1,
      code: 4999,
      reason: 'gone fishing',
    });
    const vanished = await WsClient.open(node.ws);
    vanished.socket.terminate();
    await worker.received(4);
    expect(decoded((worker.events[3] as { details: Buffer }).details)).toMatchObject({
      code: 1006,
      reason: '',
    });
  });

  it('gets nothing more after the close frame that answers its own', async () => {
    const node = await TestGateway.start();
    const client = await RawClient.upgrade(node.ws);
    const [connection] = await node.connected(1);
    const caller = await node.caller();
    client.write(clientFrame(CLOSE, Buffer.from([0x03, 0xe8])));
    for (let i = 0; i < 20 && !client.isClosed; i++) {
      caller.command(COMMANDS.sendToClient, { connectionId: connection!.id, message: 'late' });
      await caller.settled();
    }
    await client.closed();
    const bytes = client.received;
    const goodbye = bytes.indexOf(Buffer.from([0x88, 0x02, 0x03, 0xe8]));
    expect(goodbye).toBeGreaterThanOrEqual(0);
    expect(bytes.length).toBe(goodbye + 4);
    expect(node.stats.clientErrors).toBe(0);
  });
});

describe('messages to WebSocket clients', () => {
  const utf8 = Buffer.from('grüße');
  const notUtf8 = Buffer.from([0xff, 0xfe, 0]);

  async function kindsSentBy(url: string): Promise<readonly (readonly [boolean, Buffer])[]> {
    const node = await TestGateway.start({ listen: [url] });
    const client = await RawClient.upgrade(node.ws);
    const [connection] = await node.connected(1);
    const caller = await node.caller();
    for (const message of [utf8, notUtf8])
      caller.command(COMMANDS.sendToClient, { connectionId: connection!.id, message });
    const bytes = await client.receivedBytes(utf8.length + notUtf8.length + 4);
    return [
      [bytes[0] === 0x82, bytes.subarray(2, 2 + utf8.length)],
      [bytes[2 + utf8.length] === 0x82, bytes.subarray(4 + utf8.length)],
    ];
  }

  it('are text when they are UTF-8 and binary when they are not, by default', async () => {
    expect(await kindsSentBy('ws://127.0.0.1:0')).toEqual([
      [false, utf8],
      [true, notUtf8],
    ]);
  });

  it('are all text, or all binary, where the listener says so', async () => {
    expect(await kindsSentBy('ws://127.0.0.1:0?send=text')).toEqual([
      [false, utf8],
      [false, notUtf8],
    ]);
    expect(await kindsSentBy('ws://127.0.0.1:0?send=binary')).toEqual([
      [true, utf8],
      [true, notUtf8],
    ]);
  });

  it('arrive whole at every length of the frame header', async () => {
    const node = await TestGateway.start();
    const client = await WsClient.open(node.ws);
    const [connection] = await node.connected(1);
    const caller = await node.caller();
    const sizes = [0, 1, 125, 126, 127, 65_535, 65_536, 1_048_576];
    for (const [index, size] of sizes.entries()) {
      const message = Buffer.alloc(size, index + 97);
      caller.command(COMMANDS.sendToClient, { connectionId: connection!.id, message });
      await client.received(index + 1);
      expect(client.messages[index]!.data.equals(message)).toBe(true);
    }
  });
});
