import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { HandshakeRefusedError } from '#link';
import {
  byteStringFromText,
  COMMANDS,
  defineCommand,
  ExtensionCode,
  ReplyFailure,
  sendToUid,
  writeAcknowledge,
  writeMarks,
  writeRequest,
  writeRequestHead,
  type ByteWriter,
} from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient, WsClient } from '../test/clients.js';
import { LanPeer } from '../test/lan-peer.js';
import { NestwirePeer } from '../test/nestwire-peer.js';
import { FakeTransport, TestGateway } from '../test/test-gateway.js';

const start = (options: Parameters<typeof TestGateway.start>[0] = {}): Promise<TestGateway> =>
  TestGateway.start({ protocol: 'nestwire', ...options });

const nowhere = { code: 150, request: COMMANDS.ping.request, reply: COMMANDS.getClientCount.reply };

describe('the LAN port', () => {
  it('takes nothing but the handshake from a stranger', async () => {
    const node = await start({ secret: 'right' });
    const base = await LanPeer.dial(node.gateway.address);
    base.command(COMMANDS.sendToAll, { exclude: [], message: 'from a stranger' });
    await base.closed();
    expect(base.frames).toEqual([]);
    const wrong = await NestwirePeer.dial(node.gateway.address, { secret: 'wrong' });
    expect(wrong.isClosed).toBe(true);
    expect(wrong.reason).toMatchObject({ code: 'ERR_NESTWIRE_HANDSHAKE_REFUSED', refusal: 'unproven' });
    await until(() => node.stats.badLinks === 2, 'both are counted');
  });

  it('takes each of several secrets', async () => {
    const node = await start({ secret: ['new', 'old'] });
    for (const secret of ['new', 'old']) {
      const peer = await NestwirePeer.dial(node.gateway.address, { secret });
      expect(peer.gateway?.gatewayId).toBe(node.gateway.id);
      expect(await peer.ask(COMMANDS.getClientCount, undefined)).toBe(0);
    }
  });

  it('has an id that says nothing of its address, and another one at each start', async () => {
    const ids = [(await start()).gateway.id, (await start()).gateway.id];
    for (const id of ids) expect(id).toMatch(/^f[0-9a-f]{11}$/);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it('gives up a worker that answers no pings, and takes it as a new one only', async () => {
    const node = await start({ workerSilenceTimeoutMs: 200 });
    const frozen = await node.nestwireWorker();
    const client = await WsClient.open(node.ws);
    await frozen.received(1);
    client.send('one');
    frozen.answersPings = false;
    await until(() => node.gateway.workers.size === 0, 'it is given up');
    await frozen.closed();
    const again = await NestwirePeer.dial(node.gateway.address, { session: frozen.session });
    expect(again.reason).toBeInstanceOf(HandshakeRefusedError);
    expect(again.reason).toMatchObject({ refusal: 'fenced' });
    const anew = await node.nestwireWorker();
    await anew.received(2);
    expect(anew.story[0]).toBe('open again');
  });

  it('keeps a caller that has nothing to say but answers pings', async () => {
    const node = await start({ workerSilenceTimeoutMs: 200 });
    const caller = await NestwirePeer.dial(node.gateway.address);
    const mute = await NestwirePeer.dial(node.gateway.address);
    mute.answersPings = false;
    await mute.closed();
    expect(caller.isClosed).toBe(false);
  });

  it('lets go what a burst has left, whether workers are pinged or not', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    for (const workerSilenceTimeoutMs of [0, 10_000]) {
      const { gateway } = await start({ workerSilenceTimeoutMs });
      const trim = vi.spyOn(gateway.workers, 'trim');
      vi.advanceTimersByTime(10_000);
      expect(trim).toHaveBeenCalled();
    }
  });
});

describe('a request', () => {
  it('is answered under its id, whatever else is asked', async () => {
    const node = await start();
    const worker = await node.nestwireWorker();
    await WsClient.open(node.ws);
    const { connectionId } = (await worker.received(1))[0]!.event;
    const [online, count, unknown, session] = await Promise.all([
      worker.ask(COMMANDS.isOnline, { connectionId }),
      worker.ask(COMMANDS.getClientCount, undefined),
      worker.ask(nowhere, undefined),
      worker.ask(COMMANDS.getSession, { connectionId }),
    ]);
    expect([online, count]).toEqual([true, 1]);
    expect(unknown).toMatchObject({ code: ReplyFailure.UnknownCommand });
    expect(session).toEqual(Buffer.from('{}'));
  });

  it('that cannot be read costs nobody the link', async () => {
    const node = await start();
    const caller = await NestwirePeer.dial(node.gateway.address);
    const short = { ...COMMANDS.isOnline, request: COMMANDS.ping.request };
    expect(await caller.ask(short, undefined)).toMatchObject({ code: ReplyFailure.BadArgument });
    expect(await caller.ask(COMMANDS.getClientCount, undefined)).toBe(0);
  });

  it('whose answer takes many turns does not hold back the others', async () => {
    // Its clients have no sockets that could say goodbye.
    const node = await start({ farewellPerSecond: 0, drainTimeoutMs: 0 });
    const caller = await NestwirePeer.dial(node.gateway.address);
    const crowd = 40_000;
    const uid = byteStringFromText('crowd');
    for (let i = 0; i < crowd; i++) {
      const connection = node.gateway.table.open(new FakeTransport());
      node.gateway.table.bind(connection!, uid);
    }
    const order: number[] = [];
    const asked = Array.from({ length: 3 }, () => caller.request(COMMANDS.getClientListByUid, { uid }));
    const quick = caller.request(COMMANDS.getClientCount, undefined);
    await Promise.all(
      [quick, ...asked].map(async (id) => {
        const { failure, body } = await caller.reply(id);
        order.push(id);
        expect([failure, body.length]).toEqual([undefined, id === quick ? 4 : crowd * 4]);
      }),
    );
    expect(order[0]).toBe(quick);
    // More than may be made side by side wait for each other, and nothing is lost.
    const many = Array.from({ length: 10 }, () => caller.request(COMMANDS.getClientListByUid, { uid }));
    for (const id of many) expect((await caller.reply(id)).body.length).toBe(crowd * 4);
    expect(await caller.ask(COMMANDS.getClientCount, undefined)).toBe(crowd);
  });

  it('of a command is answered when that is done', async () => {
    const node = await start();
    const worker = await node.nestwireWorker();
    await WsClient.open(node.ws);
    const { connectionId } = (await worker.received(1))[0]!.event;
    const id = worker.request(COMMANDS.bindUid, { connectionId, uid: byteStringFromText('ada') });
    const { failure, body } = await worker.reply(id);
    expect([failure, body.length]).toEqual([undefined, 0]);
    expect(await worker.ask(COMMANDS.getClientCountByUid, { uid: byteStringFromText('ada') })).toBe(1);
  });

  it('may have marks before its command, and nothing else that is no command', async () => {
    const node = await start();
    const worker = await node.nestwireWorker();
    const client = await WsClient.open(node.ws);
    await worker.received(1);
    const asked = (id: number, rest: (writer: ByteWriter) => void): Promise<{ failure: unknown }> => {
      worker.write((writer) => {
        writeRequestHead(writer, id);
        rest(writer);
      });
      return worker.reply(id);
    };
    const marked = await asked(100, (writer) => {
      writeMarks(writer, { coalescingKey: byteStringFromText('price') });
      writeRequest(writer, COMMANDS.sendToAll, { exclude: [], message: 'one' });
    });
    expect(marked.failure).toBeUndefined();
    expect(await client.received(1)).toEqual(['one']);
    const unanswerable = [
      (writer: ByteWriter) => writeAcknowledge(writer, [1, 1]),
      (writer: ByteWriter) => writer.u8(ExtensionCode.Leave),
      (writer: ByteWriter) => {
        writeRequestHead(writer, 300);
        writeRequest(writer, COMMANDS.getClientCount, undefined);
      },
    ];
    for (const [index, write] of unanswerable.entries())
      expect((await asked(200 + index, write)).failure).toMatchObject({ code: ReplyFailure.UnknownCommand });
    expect(node.gateway.workers.unacknowledged).toBe(1);
    expect(worker.hasLeft).toBe(false);
  });

  it('of a command of the application is answered when that fails, and when it promises', async () => {
    const definitions = [150, 151, 152].map((code) =>
      defineCommand({ code, request: COMMANDS.ping.request }),
    );
    const [throwing, promising, fine] = definitions as [(typeof definitions)[0], ...typeof definitions];
    const node = await start({
      commands: [
        {
          definition: throwing,
          execute: () => {
            throw new Error('no');
          },
        },
        { definition: promising!, execute: () => Promise.reject(new Error('later')) },
        { definition: fine!, execute: () => undefined },
      ],
    });
    const caller = await NestwirePeer.dial(node.gateway.address);
    for (const definition of [throwing, promising!]) {
      const { failure } = await caller.reply(caller.request(definition, undefined));
      expect(failure).toMatchObject({ code: ReplyFailure.Failed });
    }
    expect((await caller.reply(caller.request(fine!, undefined))).failure).toBeUndefined();
    caller.command(promising!, undefined);
    expect(await caller.ask(COMMANDS.getClientCount, undefined)).toBe(0);
  });

  it('is never needed for a question: one without it ends the link', async () => {
    const node = await start();
    const caller = await NestwirePeer.dial(node.gateway.address);
    caller.command(COMMANDS.getClientCount, undefined);
    await caller.closed();
    expect(node.log.texts('warn').join()).toContain('has to be asked in a request');
  });
});

describe('commands of the extension', () => {
  it('send to a uid in the order of the calls', async () => {
    const node = await start();
    const worker = await node.nestwireWorker();
    const [ada, bob] = [await WsClient.open(node.ws), await WsClient.open(node.ws)];
    await worker.received(2);
    const uid = byteStringFromText('both');
    const ids = worker.events.map(({ event }) => event.connectionId);
    for (const connectionId of ids) worker.command(COMMANDS.bindUid, { connectionId, uid });
    worker.command(sendToUid, { uid, exclude: [], message: 'all' });
    worker.command(sendToUid, { uid, exclude: [ids[0]!], message: 'not the first' });
    worker.command(COMMANDS.sendToAll, { exclude: [], message: 'end' });
    const got = [await ada.received(2), await bob.received(2)];
    await until(() => ada.texts.includes('end') && bob.texts.includes('end'), 'the last one has come');
    expect(got.map((texts) => texts[0])).toEqual(['all', 'all']);
    expect([ada, bob].map(({ texts }) => texts.length).toSorted((a, b) => a - b)).toEqual([2, 3]);
  });

  it('may carry marks that this release does not know', async () => {
    const node = await start();
    const worker = await node.nestwireWorker();
    const client = await WsClient.open(node.ws);
    await worker.received(1);
    worker.write((writer) => {
      writeMarks(writer, { coalescingKey: byteStringFromText('price') });
      writeRequest(writer, COMMANDS.sendToAll, { exclude: [], message: 'one' });
    });
    worker.write((writer) => {
      writer.bytes(Buffer.from([200, 1, 99, 0, 2, 1, 2]));
      writeRequest(writer, COMMANDS.sendToAll, { exclude: [], message: 'two' });
    });
    expect(await client.received(2)).toEqual(['one', 'two']);
  });

  it('that write sessions are told before the first event that has them', async () => {
    const node = await start();
    const worker = await node.nestwireWorker();
    const client = await WsClient.open(node.ws);
    const { connectionId } = (await worker.received(1))[0]!.event;
    client.send('before');
    await worker.received(2);
    worker.command(COMMANDS.updateSession, { connectionId, session: Buffer.from('{"a":1}') });
    worker.command(COMMANDS.updateSession, { connectionId: 77, session: Buffer.from('{"a":1}') });
    worker.command(COMMANDS.deleteSession, { connectionId });
    await worker.ask(COMMANDS.getClientCount, undefined);
    client.send('after');
    await worker.received(3);
    expect(worker.events.map(({ sessionsApplied }) => sessionsApplied)).toEqual([0, 0, 3]);
  });
});

describe('a gateway that stops', () => {
  it('waits until its close events are done with, and tells its workers that nothing more comes', async () => {
    const node = await start();
    const worker = await node.nestwireWorker();
    const client = await RawClient.dial(node.tcp);
    await worker.received(1);
    const closing = node.gateway.close();
    await worker.received(2);
    await until(() => client.isClosed, 'the client is closed');
    expect(worker.story).toEqual(['connect', 'close']);
    expect(worker.hasLeft).toBe(false);
    worker.acknowledge(1, 2);
    await closing;
    expect(worker.hasLeft).toBe(true);
    await worker.closed();
  });
});
