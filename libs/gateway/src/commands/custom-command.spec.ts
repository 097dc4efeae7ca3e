import { describe, expect, it } from 'vitest';
import {
  byteStringFromText,
  COMMANDS,
  defineCommand,
  defineQuestion,
  InvalidArgumentError,
  InvalidOptionError,
  jsonCodec,
  type Codec,
} from '#protocol';
import { Gateway } from '../gateway.js';
import { WsClient } from '../test/clients.js';
import { decoded, LogRecorder, TestGateway } from '../test/test-gateway.js';
import type { ClientView, CommandPort, CustomCommand } from './custom-command.js';

interface MoveRequest {
  readonly from: string;
  readonly to: string;
}
const moveRequest = jsonCodec<MoveRequest>((value) => {
  const { from, to } = value as Record<string, unknown>;
  if (typeof from !== 'string' || typeof to !== 'string') throw new TypeError('from and to are names');
  return { from, to };
});
const count: Codec<number> = { write: (writer, n) => writer.u32(n), read: (reader) => reader.u32() };
const empty: Codec<void> = { write: () => undefined, read: () => undefined };

/** Moves everyone of a group into another, and says how many they were. */
const move = defineQuestion({ code: 100, request: moveRequest, reply: count });
const greet = defineCommand({ code: 199, request: jsonCodec((value) => String(value)) });

class MoveCommand implements CustomCommand<MoveRequest, number> {
  readonly definition = move;

  execute(port: CommandPort, { from, to }: MoveRequest): number {
    const members = [...port.clientsOfGroup(from)];
    for (const { connectionId } of members) {
      port.leaveGroup(connectionId, from);
      port.joinGroup(connectionId, to);
    }
    return members.length;
  }
}

function failing(code: number, error: unknown, question = true): CustomCommand {
  const definition = question
    ? defineQuestion({ code, request: empty, reply: count })
    : defineCommand({ code, request: empty });
  return {
    definition: definition,
    execute: () => {
      throw error;
    },
  };
}

function command(code: number, execute: CustomCommand['execute'], reply?: Codec<number>): CustomCommand {
  const definition = reply === undefined ? { code, request: empty } : { code, request: empty, reply };
  return { definition: definition, execute };
}

describe('a custom command', () => {
  it('answers a typed question over the wire', async () => {
    const node = await TestGateway.start({ commands: [new MoveCommand()] });
    await WsClient.open(node.ws);
    await WsClient.open(node.ws);
    const caller = await node.caller();
    for (const { id } of await node.connected(2))
      caller.command(COMMANDS.joinGroup, { connectionId: id, group: byteStringFromText('café') });
    expect(await caller.ask(move, { from: 'café', to: 'bar' })).toBe(2);
    expect(await caller.ask(move, { from: 'café', to: 'bar' })).toBe(0);
    expect(await caller.ask(COMMANDS.getGroupList, undefined)).toEqual(['bar']);
  });

  it('works on clients through its port alone', async () => {
    const seen: unknown[] = [];
    const view = (client: ClientView | undefined): unknown =>
      client && {
        id: client.connectionId,
        kind: client.kind,
        uid: client.uid,
        groups: client.groups,
        session: client.session(),
        address: client.remoteAddress,
        hasPort: client.remotePort > 0,
        queued: client.queuedBytes,
        hasAge: client.connectedAtMs <= Date.now(),
      };
    const node = await TestGateway.start({
      commands: [
        {
          definition: greet,
          execute(port, request) {
            const [client] = [...port.clients()];
            const id = client!.connectionId;
            port.bindUid(id, 'zoë');
            port.joinGroup(id, 'a');
            port.joinGroup(id, 'b');
            port.leaveGroup(id, 'a');
            port.setSession(id, { greeted: request });
            seen.push(port.clientCount, view(port.client(id)), port.client(id + 1));
            seen.push([...port.clientsOfUid('zoë')].length, [...port.clientsOfGroup('b')].length);
            port.send(id, `hello ${String(request)}`);
            port.sendToMany([id, id + 1, id], Buffer.from('again'));
            for (const nobody of [id + 1, 0]) {
              port.bindUid(nobody, 'ghost');
              port.joinGroup(nobody, 'ghosts');
              port.closeClient(nobody);
            }
            port.bindUid(id, 'ü'.repeat(128));
            port.joinGroup(id, 'x'.repeat(256));
            port.closeClient(id);
          },
        },
      ],
    });
    const worker = await node.worker();
    const client = await WsClient.open(node.ws);
    const { connectionId } = await worker.event('open');
    const caller = await node.caller();
    caller.command(greet, 'you');
    await client.closed();
    expect(client.texts).toEqual(['hello you', 'again', 'again']);
    expect(client.closing?.code).toBe(4004);
    expect(seen).toEqual([
      1,
      {
        id: connectionId,
        kind: 'ws',
        uid: 'zoë',
        groups: ['b'],
        session: { greeted: 'you' },
        address: '127.0.0.1',
        hasPort: true,
        queued: 0,
        hasAge: true,
      },
      undefined,
      1,
      1,
    ]);
    const { session, details } = await worker.event('close');
    expect(decoded(session)).toEqual({ greeted: 'you' });
    expect(decoded(details)).toMatchObject({ uid: 'zoë', group_list: ['b'] });
    expect(node.stats.namesTooLong).toBe(2);
    expect(node.stats.failedCommands).toBe(0);
  });

  it('that unbinds by an empty uid, or closes at once, does so', async () => {
    const node = await TestGateway.start({
      commands: [
        command(101, (port) => {
          for (const { connectionId } of port.clients()) {
            port.bindUid(connectionId, 'someone');
            port.bindUid(connectionId, '');
            port.closeClient(connectionId, { force: true });
          }
        }),
      ],
    });
    const client = await WsClient.open(node.ws);
    const caller = await node.caller();
    caller.write(101);
    expect((await client.closed()).code).toBe(1006);
    expect(await caller.ask(COMMANDS.getUidList, undefined)).toEqual([]);
  });

  it('that throws is logged and counted, and its link stays', async () => {
    const node = await TestGateway.start({ commands: [failing(120, new Error('no such planet'), false)] });
    const caller = await node.caller();
    caller.write(120);
    caller.write(120);
    await caller.settled();
    expect(node.stats.failedCommands).toBe(2);
    expect(node.stats.badLinks).toBe(0);
    const [line] = node.log.lines.filter(({ level }) => level === 'error');
    expect(line?.text).toContain('Custom command 120 failed: Error: no such planet');
    expect(line?.facts).toMatchObject({ code: 120 });
  });

  it('that throws when it was asked loses that link only', async () => {
    const node = await TestGateway.start({
      commands: [failing(121, 'not even an error'), command(122, () => 'no number', {
        write: () => {
          throw new InvalidArgumentError('reply', 'cannot be said');
        },
        read: () => 0,
      })],
    }); // prettier-ignore
    const bystander = await node.caller();
    const worker = await node.worker();
    for (const code of [121, 122]) {
      const caller = await node.caller();
      caller.write(code);
      await caller.closed();
      expect(caller.frames).toEqual([]);
    }
    await bystander.settled();
    expect(worker.isClosed).toBe(false);
    expect(node.stats.failedCommands).toBe(2);
    expect(node.stats.badLinks).toBe(2);
    expect(node.log.texts('error')[0]).toContain("Custom command 121 failed: 'not even an error'");
    expect(node.log.texts('error')[1]).toContain('"reply" cannot be said');
  });

  it('that is async by mistake ends neither the process nor the order of replies', async () => {
    const node = await TestGateway.start({
      commands: [
        command(130, () => Promise.reject(new Error('later'))),
        command(131, () => Promise.resolve(7), count),
      ],
    });
    const caller = await node.caller();
    caller.write(130);
    await caller.settled();
    expect(node.stats.failedCommands).toBe(1);
    expect(node.log.texts('error')[0]).toContain('later');
    caller.write(131);
    await caller.closed();
    expect(node.log.texts('error')[1]).toContain('must return its reply, not a promise of it');
  });

  it('whose request is refused by its codec is not run, and a question closes that link', async () => {
    const node = await TestGateway.start({ commands: [new MoveCommand()] });
    const caller = await node.caller();
    caller.write(move.code, ...Buffer.from('{"from":1}'));
    await caller.closed();
    expect(node.stats.badLinks).toBe(1);
    expect(node.stats.failedCommands).toBe(1);
    const [line] = node.log.lines.filter(({ level }) => level === 'error');
    expect(line).toMatchObject({ facts: { code: 100 } });
    expect(line!.text).toMatch(/^Custom command 100 failed: [^]*from and to are names/);
  });

  it('that has no reply harms nothing with a request that its codec refuses, or that is too long', async () => {
    let runs = 0;
    const parse = jsonCodec((value) => {
      if (value !== 'right') throw new TypeError('wrong');
      return value;
    });
    const node = await TestGateway.start({
      commands: [
        { definition: defineCommand({ code: 140, request: parse }), execute: () => void runs++ },
        command(141, () => runs++),
      ],
    });
    const caller = await node.caller();
    caller.write(140, ...Buffer.from('"left"'));
    caller.write(141, 1, 2, 3);
    caller.write(140, ...Buffer.from('"right"'));
    await caller.settled();
    expect(runs).toBe(1);
    expect(node.stats.failedCommands).toBe(2);
    expect(node.stats.badLinks).toBe(0);
  });

  it('whose reply does not fit a frame closes the link of the caller alone, and says so', async () => {
    const large: Codec<number> = {
      write: (writer, size) => writer.bytes(Buffer.alloc(size)),
      read: (reader) => reader.rest().length,
    };
    const definition = defineQuestion({ code: 142, request: count, reply: large });
    const node = await TestGateway.start({
      link: { maxFrameBytes: 200_000 },
      maxMessageBytes: 1_000,
      commands: [{ definition, execute: (_port, size) => size }],
    });
    const other = await node.caller();
    const caller = await node.caller();
    expect(await caller.ask(definition, 200_000 - 8)).toBe(200_000 - 8);
    caller.command(definition, 200_000 - 7);
    await caller.closed();
    expect(caller.frames).toHaveLength(1);
    expect(node.stats.repliesTooBig).toBe(1);
    expect(node.stats.badLinks).toBe(1);
    expect(node.log.texts('error').join()).toContain(
      'the reply has 200001 bytes, and a frame at most 200000',
    );
    await other.settled();
  });

  it('is refused at the start when its code is taken or not its own', () => {
    const gatewayWith =
      (...codes: readonly number[]) =>
      (): Gateway =>
        new Gateway({ commands: codes.map((code) => command(code, () => undefined)) }, new LogRecorder());
    expect(gatewayWith(150, 151, 150)).toThrow(InvalidOptionError);
    expect(gatewayWith(150, 151, 150)).toThrow(
      'Option "gateway.commands" has two commands with the code 150. Give one another.',
    );
    for (const code of [0, 5, 27, 99, 200, 255, 1.5, -1]) {
      expect(gatewayWith(code)).toThrow(
        `Option "gateway.commands" has a command with the code ${code}. ` +
          'Give it one from 100 to 199: the others belong to the protocol.',
      );
    }
    expect(gatewayWith(100, 199)).not.toThrow();
  });
});
