import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  COMMANDS,
  InvalidArgumentError,
  defineCommand,
  defineQuestion,
  jsonCodec,
  type Codec,
} from '#protocol';
import type { GatewayAnswer } from './raw-calls.js';
import {
  ListedByHand,
  clientOf,
  gateway,
  linkedTo,
  rejection,
  twoGateways,
  unstarted,
} from './test/pool-kit.js';
import type { ScriptedGateway } from './test/scripted-gateway.js';

const anyNumber = jsonCodec((value) => Number(value));
const double = defineQuestion({ code: 120, request: anyNumber, reply: anyNumber });
const note = defineCommand({ code: 121, request: anyNumber });
const rest: Codec<Uint8Array, Buffer> = {
  write: (writer, bytes) => writer.bytes(bytes),
  read: (reader) => reader.rest(),
};
const view = defineQuestion({ code: 122, request: rest, reply: rest });

/** Answers the nth custom frame that comes. */
async function answer(node: ScriptedGateway, nth: number, bytes: Uint8Array): Promise<void> {
  const custom = (): ScriptedGateway['received'] =>
    node.received.filter(({ name }) => name.startsWith('custom'));
  await node.until(() => custom().length >= nth);
  custom()[nth - 1]?.link.send((writer) => writer.bytes(bytes));
}

describe('custom commands', () => {
  it('are written and read by their definitions, and addressed by any client of the gateway', async () => {
    const node = await gateway();
    const { api } = await linkedTo([node]);
    api.sendToAddress(clientOf(node, 9), note, 5);
    const asked = api.sendToAddressAndRecv(node.address, double, 21);
    expectTypeOf(asked).toEqualTypeOf<Promise<number>>();
    await answer(node, 2, Buffer.from('42'));
    expect(await asked).toBe(42);
    expect(node.received.map(({ hex }) => hex)).toEqual(['7935', '783231']);
  });

  it('go to several gateways, whose answers come in the order of the targets', async () => {
    const [a, b] = await twoGateways({}, {});
    const { api } = await linkedTo([a, b]);
    const asked = api.sendToAddressListAndRecv([b.address, clientOf(a, 1)], double, 1);
    expectTypeOf(asked).toEqualTypeOf<Promise<GatewayAnswer<number>[]>>();
    await Promise.all([answer(a, 1, Buffer.from('10')), answer(b, 1, Buffer.from('20'))]);
    expect(await asked).toEqual([
      { gateway: b.address, answer: 20 },
      { gateway: a.address, answer: 10 },
    ]);
  });

  it('to several gateways name the one that did not answer', async () => {
    const [a, b] = await twoGateways({}, {});
    const { api } = await linkedTo([a, b], { questionTimeoutMs: 50 });
    const asked = rejection(api.sendToAddressListAndRecv(api.gateways, double, 1));
    await answer(b, 1, Buffer.from('20'));
    expect(await asked).toMatchObject({
      code: 'ERR_NESTWIRE_PARTIAL_RESULT',
      partial: [{ gateway: b.address, answer: 20 }],
      missing: [a.address],
    });
  });

  it('that the gateway cannot answer cost that link: their caller and the others on it are told', async () => {
    const node = await gateway();
    const { api } = await linkedTo([node], { questionTimeoutMs: 60_000 });
    const asked = [
      rejection(api.sendToAddressAndRecv(node.address, double, 1)),
      rejection(api.isOnline(clientOf(node, 1))),
    ];
    await node.until(() => node.received.length === 2);
    node.links[0]?.destroy();
    for (const error of await Promise.all(asked)) {
      expect(error).toMatchObject({ code: 'ERR_NESTWIRE_GATEWAY_LOST', gateway: node.address });
    }
  });

  it('give answers with memory of their own, also where the codec returns a view', async () => {
    const views: Buffer[] = [];
    const kept = defineQuestion({
      code: 122,
      request: rest,
      reply: {
        write: (writer, bytes: Uint8Array) => writer.bytes(bytes),
        read(reader) {
          views.push(reader.rest());
          return views[0]!;
        },
      },
    });
    const node = await gateway();
    const { api } = await linkedTo([node]);
    const asked = api.sendToAddressAndRecv(node.address, kept, Buffer.alloc(0));
    await answer(node, 1, Buffer.alloc(100_000, 'a'));
    const bytes = await asked;
    expect(bytes).toBe(views[0]);
    // The frame was put together in a buffer of its own; a view of that one begins behind the frame's header.
    expect(bytes).toHaveLength(100_000);
    expect(bytes.byteOffset).toBe(0);
  });

  it('with bytes after the answer end the link, as every reply that is not what it says', async () => {
    const node = await gateway();
    const { api } = await linkedTo([node]);
    const count = defineQuestion({ code: 123, request: anyNumber, reply: COMMANDS.getClientCount.reply });
    const asked = rejection(api.sendToAddressAndRecv(node.address, count, 1));
    await answer(node, 1, Buffer.from('0000000100', 'hex'));
    expect(await asked).toMatchObject({
      code: 'ERR_NESTWIRE_GATEWAY_LOST',
      cause: { code: 'ERR_NESTWIRE_TRAILING_BYTES' },
    });
  });

  it('keep their request as it was when they have to wait', async () => {
    const node = await gateway();
    const { api, pool, membership } = unstarted(new ListedByHand());
    const started = pool.start();
    const request = Buffer.from('kept');
    const asked = api.sendToAddressAndRecv(node.address, view, request);
    const command = Buffer.from([130, 1]);
    api.sendToAddress(node.address, command);
    request.fill('x');
    command.fill(0);
    membership.list(node.address);
    await answer(node, 1, Buffer.from('ok'));
    expect(String(await asked)).toBe('ok');
    await started;
    await node.until(() => node.received.length === 2);
    expect(node.received.map(({ hex }) => hex)).toEqual([`7a${Buffer.from('kept').toString('hex')}`, '8201']);
  });
});

describe('raw payloads', () => {
  it('go out as they are, and replies come back as bytes', async () => {
    const node = await gateway({ getClientCount: () => 7 });
    const { api } = await linkedTo([node]);
    expectTypeOf(api.sendToAddressAndRecv(node.address, Buffer.from([4]))).toEqualTypeOf<Promise<Buffer>>();
    expect(await api.sendToAddressAndRecv(node.address, Buffer.from([4]))).toEqual(Buffer.from([0, 0, 0, 7]));
    expect(await api.sendToAddressListAndRecv([node.address], Buffer.from([4]))).toEqual([
      { gateway: node.address, answer: Buffer.from([0, 0, 0, 7]) },
    ]);
    api.sendToAddress(node.address, Buffer.from('150000000268656c6c6f', 'hex'));
    await node.until(() => node.of('sendToClient').length === 1);
    expect(node.of('sendToClient')[0]?.request).toEqual({ connectionId: 2, message: Buffer.from('hello') });
  });

  it('may be any base command by its definition, without an argument where it has none', async () => {
    const node = await gateway({ getClientCount: () => 7 });
    const { api } = await linkedTo([node]);
    expect(await api.sendToAddressAndRecv(node.address, COMMANDS.getClientCount)).toBe(7);
    api.sendToAddress(node.address, COMMANDS.ping);
    await node.until(() => node.names.includes('ping'));
  });
});

describe('calls that would ruin the link', () => {
  it('are refused: a question sent as a command, a command asked as a question, a second event link', async () => {
    const node = await gateway({ isOnline: () => true });
    const { api } = await linkedTo([node]);
    const asCommand = (definition: unknown): typeof note => definition as typeof note;
    expect(() => api.sendToAddress(node.address, Buffer.from([4]))).toThrow(InvalidArgumentError);
    expect(() => api.sendToAddress(node.address, asCommand(COMMANDS.getClientCount), 1)).toThrow(
      InvalidArgumentError,
    );
    expect(() => api.sendToAddress(node.address, asCommand(double), 1)).toThrow(InvalidArgumentError);
    expect(() => api.sendToAddress(node.address, COMMANDS.registerWorker, [])).toThrow(InvalidArgumentError);
    expect(() => api.sendToAddress(node.address, Buffer.alloc(0))).toThrow(InvalidArgumentError);
    const asQuestion = (definition: unknown): typeof double => definition as typeof double;
    for (const asked of [
      api.sendToAddressAndRecv(node.address, Buffer.from([20, 0, 0])),
      api.sendToAddressAndRecv(node.address, asQuestion(note), 1),
      api.sendToAddressListAndRecv([node.address], asQuestion(COMMANDS.sendToAll), 1),
    ]) {
      expect(await rejection(asked)).toBeInstanceOf(InvalidArgumentError);
    }
    await api.isOnline(clientOf(node, 1));
    expect(node.names).toEqual(['isOnline']);
  });
});
