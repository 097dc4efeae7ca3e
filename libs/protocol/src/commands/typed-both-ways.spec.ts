import { describe, expect, expectTypeOf, it } from 'vitest';
import { ByteReader } from '../byte-reader.js';
import type { ByteString } from '../byte-string.js';
import { ByteWriter, type Payload } from '../byte-writer.js';
import {
  COMMANDS,
  defineQuestion,
  jsonCodec,
  readReply,
  readRequest,
  writeRequest,
  type AnswerOf,
  type ClientInfoReply,
  type CommandName,
  type Commands,
  type ReceivedOf,
  type ReplyOf,
  type RequestOf,
  type UidCountReply,
} from './index.js';

/*
 * What must not compile is proven by `tsc` over the specs: a `@ts-expect-error` without an error is one.
 * What compiles is run, too.
 */

/** As the gateway has it: for every command something that takes what arrived and gives what is answered. */
type Executor<N extends CommandName> = (request: ReceivedOf<Commands[N]>) => ReplyOf<Commands[N]>;
type Executors = { readonly [N in CommandName]: Executor<N> };

const done = (): void => undefined;
const EXECUTORS = {
  ping: done,
  bindUid: done,
  closeClient: done,
  deleteSession: done,
  getClientCount: () => 1,
  getClientCountByGroup: ({ group }) => group.length,
  getClientCountByUid: ({ uid }) => uid.length,
  getClientInfo: ({ fields }) => ({ fields, client: undefined }),
  getClientList: ({ limit, after }) => [limit, after],
  getClientListByGroup: () => [],
  getClientListByUid: () => [],
  getGroupList: () => [],
  getSession: () => Buffer.from('{}'),
  getUidCount: ({ sample }) => ({ count: sample ? 1 : 0, sample: [] }),
  getUidList: () => [],
  getUidListByGroup: ({ group }) => [group],
  isOnline: ({ connectionId }) => connectionId === 7,
  joinGroup: done,
  leaveGroup: done,
  registerWorker: done,
  sendToAll: done,
  sendToClient: done,
  sendToGroup: done,
  setSession: done,
  unBindUid: done,
  unGroup: done,
  updateSession: done,
} satisfies Executors;

describe('a table with an executor for every command', () => {
  it('compiles only when none is missing', () => {
    const { isOnline, ...others } = EXECUTORS;
    // @ts-expect-error The executor of isOnline is missing.
    const incomplete = others satisfies Executors;
    expect(Object.keys(COMMANDS).filter((name) => !Object.hasOwn(incomplete, name))).toEqual(['isOnline']);
    const complete = { ...others, isOnline } satisfies Executors;
    expect(Object.keys(complete).toSorted()).toEqual(Object.keys(COMMANDS).toSorted());
  });

  it('compiles only when nothing is in it that is no command', () => {
    // @ts-expect-error There is no command teleport.
    const extra = { ...EXECUTORS, teleport: done } satisfies Executors & { readonly teleport?: never };
    expect(Object.hasOwn(COMMANDS, 'teleport')).toBe(false);
    expect(extra.teleport).toBe(done);
  });

  it('compiles only when an executor answers what its command answers', () => {
    // @ts-expect-error isOnline is answered by a boolean.
    const wrong = { ...EXECUTORS, isOnline: () => 1 } satisfies Executors;
    // @ts-expect-error getClientCount must be answered.
    const silent = { ...EXECUTORS, getClientCount: done } satisfies Executors;
    expect([wrong.isOnline(), silent.getClientCount()]).toEqual([1, undefined]);
  });

  it('compiles only when an executor takes what its command carries', () => {
    const unGroup = ({ connectionId }: { readonly connectionId: number }) => void connectionId;
    // @ts-expect-error unGroup carries a group and no connection.
    const wrong = { ...EXECUTORS, unGroup } satisfies Executors;
    expect(wrong.unGroup).toBe(unGroup);
  });
});

describe('a request', () => {
  it('is typed where it is written and where it is read', () => {
    expectTypeOf<RequestOf<Commands['sendToClient']>>().toEqualTypeOf<
      { readonly connectionId: number } & { readonly message: Payload }
    >();
    expectTypeOf<ReceivedOf<Commands['sendToClient']>['message']>().toEqualTypeOf<Buffer>();
    expectTypeOf<ReceivedOf<Commands['setSession']>['session']>().toEqualTypeOf<Buffer>();
    expectTypeOf<RequestOf<Commands['setSession']>['session']>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<RequestOf<Commands['joinGroup']>['group']>().toEqualTypeOf<ByteString>();
    expectTypeOf<RequestOf<Commands['ping']>>().toEqualTypeOf<void>();

    const writer = new ByteWriter();
    writeRequest(writer, COMMANDS.sendToClient, { connectionId: 7, message: 'text' });
    const reader = ByteReader.of(writer.view(1));
    const request = readRequest(reader, COMMANDS.sendToClient);
    expectTypeOf(request.message).toEqualTypeOf<Buffer>();
    expect(request).toEqual({ connectionId: 7, message: Buffer.from('text') });
  });

  it('of another command does not compile', () => {
    const { sendToClient, unGroup } = COMMANDS;
    const writer = new ByteWriter();
    // @ts-expect-error A message to a client is bytes or text.
    expect(() => writeRequest(writer, sendToClient, { connectionId: 7, message: null })).toThrow(TypeError);
    // @ts-expect-error A message to a client needs one.
    expect(() => writeRequest(writer, sendToClient, { connectionId: 7 })).toThrow(TypeError);
    // @ts-expect-error Text is no byte string: it has to be made one.
    expect(() => writeRequest(writer, unGroup, { group: 'text' })).not.toThrow();
    // @ts-expect-error What is received has no more fields than the command carries.
    expect(readRequest(ByteReader.of(Buffer.from('g')), unGroup).connectionId).toBeUndefined();
  });
});

describe('a reply', () => {
  it('is typed where it is written and where it is read', () => {
    expectTypeOf<ReplyOf<Commands['isOnline']>>().toEqualTypeOf<boolean>();
    expectTypeOf<AnswerOf<Commands['isOnline']>>().toEqualTypeOf<boolean>();
    expectTypeOf<ReplyOf<Commands['getClientList']>>().toEqualTypeOf<readonly number[]>();
    expectTypeOf<AnswerOf<Commands['getClientList']>>().toEqualTypeOf<number[]>();
    expectTypeOf<ReplyOf<Commands['getSession']>>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<AnswerOf<Commands['getSession']>>().toEqualTypeOf<Buffer>();
    expectTypeOf<AnswerOf<Commands['getUidCount']>>().toEqualTypeOf<UidCountReply>();
    expectTypeOf<AnswerOf<Commands['getClientInfo']>>().toEqualTypeOf<ClientInfoReply>();

    const answer = readReply(ByteReader.of(Buffer.of(0, 0, 0, 9)), COMMANDS.getClientList);
    expectTypeOf(answer).toEqualTypeOf<number[]>();
    expect(answer).toEqual([9]);
  });

  it('does not exist for a command that is not answered', () => {
    expectTypeOf<ReplyOf<Commands['ping']>>().toEqualTypeOf<void>();
    expectTypeOf<AnswerOf<Commands['sendToAll']>>().toEqualTypeOf<void>();
    // @ts-expect-error A ping has no reply to read.
    expect(() => readReply(ByteReader.of(Buffer.alloc(0)), COMMANDS.ping)).toThrow(TypeError);
  });
});

describe('a custom question', () => {
  const question = defineQuestion({
    code: 100,
    request: jsonCodec((value) => String(value)),
    reply: jsonCodec((value) => Number(value)),
  });

  it('is typed by its codecs', () => {
    expectTypeOf<RequestOf<typeof question>>().toEqualTypeOf<string>();
    expectTypeOf<ReceivedOf<typeof question>>().toEqualTypeOf<string>();
    expectTypeOf<AnswerOf<typeof question>>().toEqualTypeOf<number>();

    const writer = new ByteWriter();
    writeRequest(writer, question, 'how many?');
    expect(readRequest(ByteReader.of(writer.view(1)), question)).toBe('how many?');
    // @ts-expect-error The question is a text.
    writeRequest(writer, question, 5);
  });
});
