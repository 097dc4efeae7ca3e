import { describe, expect, it } from 'vitest';
import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import { InvalidArgumentError, InvalidOptionError, ProtocolError } from '../errors.js';
import { defineCommand, defineQuestion, isCustomCode, jsonCodec, readReply, readRequest } from './index.js';

interface Move {
  readonly x: number;
  readonly y: number;
}

const move = jsonCodec<Move>((value) => {
  const { x, y } = value as Partial<Move>;
  if (typeof x !== 'number' || typeof y !== 'number') throw new TypeError('A move has x and y');
  return { x, y };
});

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown');
}

describe('the codes of custom commands', () => {
  it.each([100, 150, 199])('include %i', (code) => {
    expect(isCustomCode(code)).toBe(true);
    expect(defineCommand({ code, request: move }).code).toBe(code);
    expect(defineQuestion({ code, request: move, reply: move }).code).toBe(code);
  });

  it.each([-1, 0, 26, 99, 200, 255, 100.5, Number.NaN])('do not include %d', (code) => {
    expect(isCustomCode(code)).toBe(false);
    for (const define of [
      () => defineCommand({ code, request: move }),
      () => defineQuestion({ code, request: move, reply: move }),
    ]) {
      const error = thrownBy(define);
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(error).toMatchObject({
        code: 'ERR_NESTWIRE_INVALID_OPTION',
        option: 'code',
        message: `Option "code" of a custom command must be 100–199, not ${code}: the others belong to the protocol.`,
      });
    }
  });
});

describe('a custom question', () => {
  const question = defineQuestion({
    code: 120,
    request: move,
    reply: jsonCodec((value) => value as string[]),
  });

  it('is typed and read at both ends', () => {
    const writer = new ByteWriter();
    question.request.write(writer, { x: 1, y: 2 });
    expect(writer.view().toString()).toBe('{"x":1,"y":2}');
    expect(readRequest(ByteReader.of(writer.view()), question)).toEqual({ x: 1, y: 2 });
    const reply = new ByteWriter();
    question.reply.write(reply, ['ok', '界']);
    expect(readReply(ByteReader.of(reply.view()), question)).toEqual(['ok', '界']);
  });

  it.each(['', '{', '{"x":1,"y":2}}', '\xff', 'undefined', '{"x":1}', 'null'])(
    'refuses the request "%s" with a typed error that keeps the cause',
    (json) => {
      const error = thrownBy(() => readRequest(ByteReader.of(Buffer.from(json, 'latin1')), question));
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toMatchObject({ code: 'ERR_NESTWIRE_MALFORMED' });
      expect((error as ProtocolError).cause).toBeInstanceOf(Error);
    },
  );
});

describe('a value that JSON cannot say', () => {
  const anything = jsonCodec((value) => value);
  const cycle: unknown[] = [];
  cycle.push(cycle);

  it.each([
    ['undefined', undefined, '"value" cannot be said in JSON: it is undefined. Use null for nothing.'],
    ['a function', () => 1, '"value" cannot be said in JSON: it is function. Use null for nothing.'],
    ['a symbol', Symbol('s'), '"value" cannot be said in JSON: it is symbol. Use null for nothing.'],
    ['a bigint', 1n, '"value" cannot be said in JSON: see the cause.'],
    ['a cycle', cycle, '"value" cannot be said in JSON: see the cause.'],
  ])('is refused when it is %s, with nothing written', (_name, value, message) => {
    const writer = new ByteWriter();
    const error = thrownBy(() => anything.write(writer, value));
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect(error).toMatchObject({ code: 'ERR_NESTWIRE_INVALID_ARGUMENT', argument: 'value', message });
    expect(writer.length).toBe(0);
  });
});
