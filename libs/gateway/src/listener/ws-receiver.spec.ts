import { describe, expect, it } from 'vitest';
import { bytewise, ReceiverLog, splitAt, type Received } from '../test/receiver-log.js';
import { fragmented, goodbye, Opcode, wsFrame } from '../test/ws-frames.js';
import { WsReceiver } from './ws-receiver.js';

const { Continuation, Text, Binary, Close, Ping, Pong } = Opcode;
const MIB = 1024 * 1024;

function received(chunks: readonly Uint8Array[], maxMessageBytes = MIB): Received[] {
  return new ReceiverLog().take(new WsReceiver(maxMessageBytes), chunks).entries;
}

const hex = (text: string): string => Buffer.from(text).toString('hex');

describe('WsReceiver', () => {
  it('delivers text, binary, ping, pong and close, in order', () => {
    const bytes = Buffer.concat([
      wsFrame(Text, 'héllo'),
      wsFrame(Binary, Buffer.of(0, 255, 128)),
      wsFrame(Ping, 'p'),
      wsFrame(Pong),
      wsFrame(Text, ''),
      wsFrame(Close, goodbye(4999, 'gone fishing')),
    ]);
    const expected: Received[] = [
      ['text', hex('héllo')],
      ['binary', '00ff80'],
      ['ping', hex('p')],
      ['pong', ''],
      ['text', ''],
      ['closed', 4999, 'gone fishing'],
    ];
    expect(received([bytes])).toEqual(expected);
    expect(received(bytewise(bytes))).toEqual(expected);
  });

  it.each([
    0, 1, 2, 3, 4, 5, 31, 32, 33, 34, 35, 36, 37, 63, 64, 65, 125, 126, 127, 1000, 65_535, 65_536, 70_001,
  ])('unmasks %i bytes, wherever they lie', (length) => {
    const payload = Buffer.from(Array.from({ length }, (_, i) => (i * 7 + 3) & 0xff));
    for (let before = 0; before < 5; before++) {
      // A chunk that is a view into something larger, at every alignment, with neighbours that must stay as they are.
      const frame = wsFrame(Binary, payload);
      const room = Buffer.alloc(before + frame.length + 9, 0xee);
      frame.copy(room, before);
      const log = new ReceiverLog();
      new WsReceiver(MIB).push(room.subarray(before, before + frame.length), log);
      expect(log.entries).toEqual([['binary', payload.toString('hex')]]);
      expect(room.subarray(0, before)).toEqual(Buffer.alloc(before, 0xee));
      expect(room.subarray(before + frame.length)).toEqual(Buffer.alloc(9, 0xee));
    }
  });

  it('takes lengths that are written in more bytes than they need, as ws does', () => {
    for (const lengthBits of [16, 64] as const) {
      expect(received([wsFrame(Text, 'short', { lengthBits })])).toEqual([['text', hex('short')]]);
      expect(received(bytewise(wsFrame(Text, '', { lengthBits })))).toEqual([['text', '']]);
    }
  });

  it('puts fragments together, also empty ones and with control frames between them', () => {
    const [first, second, third, last] = fragmented(Text, ['fra', '', 'gment', 'ed ✓']);
    const frames = [
      first!,
      wsFrame(Ping, 'between'),
      second!,
      third!,
      wsFrame(Pong, 'x'),
      last!,
      wsFrame(Binary, '!'),
    ];
    const expected: Received[] = [
      ['ping', hex('between')],
      ['pong', hex('x')],
      ['text', hex('fragmented ✓')],
      ['binary', hex('!')],
    ];
    expect(received(frames)).toEqual(expected);
    expect(received([Buffer.concat(frames)])).toEqual(expected);
    expect(received(bytewise(Buffer.concat(frames)))).toEqual(expected);
    expect(received(fragmented(Binary, ['', '', '']))).toEqual([['binary', '']]);
  });

  it('takes a code point in two fragments', () => {
    const bytes = Buffer.from('💡');
    for (let cut = 0; cut <= bytes.length; cut++) {
      const pieces = fragmented(Text, [bytes.subarray(0, cut), bytes.subarray(cut)]);
      expect(received(pieces)).toEqual([['text', bytes.toString('hex')]]);
    }
  });

  it('delivers a frame with its last byte, not with the next one', () => {
    const log = new ReceiverLog();
    const receiver = new WsReceiver(100);
    const bytes = wsFrame(Text, 'whole');
    log.take(receiver, bytewise(bytes.subarray(0, -1)));
    expect(log.entries).toEqual([]);
    log.take(receiver, [bytes.subarray(-1)]);
    expect(log.texts).toEqual(['whole']);
  });

  it('takes a frame in two at every byte, between two others', () => {
    const long = Buffer.alloc(200, 'long');
    const bytes = Buffer.concat([wsFrame(Text, 'before'), wsFrame(Text, long), wsFrame(Text, 'behind')]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const log = new ReceiverLog().take(new WsReceiver(200), splitAt(bytes, [cut]));
      expect(log.texts).toEqual(['before', long.toString(), 'behind']);
    }
  });

  it('delivers frames where they lie, without a copy', () => {
    const bytes = Buffer.concat([wsFrame(Text, 'first'), wsFrame(Ping, 'p'), wsFrame(Binary, 'second')]);
    const places: number[] = [];
    const keep = (view: Buffer): void => {
      expect(view.buffer).toBe(bytes.buffer);
      places.push(view.byteOffset - bytes.byteOffset);
    };
    new WsReceiver(100).push(bytes, { message: keep, pinged: keep, ponged: keep, closed: () => undefined });
    expect(places).toEqual([6, 6 + 5 + 6, 6 + 5 + 6 + 1 + 6]);
  });

  it('copies what it carries over, since the chunk may be overwritten', () => {
    const log = new ReceiverLog();
    const receiver = new WsReceiver(100);
    const bytes = Buffer.concat(fragmented(Text, ['carried ', 'over']));
    const chunk = Buffer.from(bytes.subarray(0, 18));
    receiver.push(chunk, log);
    chunk.fill(0);
    receiver.push(Buffer.from(bytes.subarray(18)), log);
    expect(log.texts).toEqual(['carried over']);
  });

  it('takes an empty chunk for nothing', () => {
    const nothing = Buffer.alloc(0);
    const [head, tail] = splitAt(wsFrame(Text, 'a'), [3]);
    expect(received([nothing, head!, nothing, tail!, nothing])).toEqual([['text', hex('a')]]);
  });

  it('delivers nothing after a close frame, which has 1005 when it says nothing', () => {
    const log = new ReceiverLog();
    const receiver = new WsReceiver(100);
    log.take(receiver, [Buffer.concat([wsFrame(Close), wsFrame(Text, 'late'), wsFrame(Close)])]);
    log.take(receiver, [wsFrame(Text, 'later'), Buffer.of(0xff, 0xff)]);
    expect(log.entries).toEqual([['closed', 1005, '']]);
    expect(receiver.carriedBytes).toBe(0);
  });

  it('answers a close frame inside a fragmented message, which is given up', () => {
    const [begin, end] = fragmented(Text, ['half', 'whole']);
    expect(received([begin!, wsFrame(Close, goodbye(1000)), end!])).toEqual([['closed', 1000, '']]);
  });
});

describe('stop()', () => {
  it('inside the sink ends the delivery with that frame, although the chunk has more', () => {
    for (const split of [[], [3]]) {
      const receiver = new WsReceiver(100);
      const log = new (class extends ReceiverLog {
        override message(data: Buffer, isText: boolean): void {
          receiver.stop();
          super.message(data, isText);
        }
      })();
      const bytes = Buffer.concat([wsFrame(Text, 'last'), wsFrame(Text, 'no'), Buffer.of(0xff, 0xff)]);
      log.take(receiver, splitAt(bytes, split)).take(receiver, [wsFrame(Text, 'later')]);
      expect(log.entries).toEqual([['text', hex('last')]]);
      expect(receiver.carriedBytes).toBe(0);
    }
  });

  it('lets go of what was carried, of a frame and of a message', () => {
    const receiver = new WsReceiver(100);
    const log = new ReceiverLog().take(receiver, [wsFrame(Text, 'half', { fin: false }), Buffer.of(0x80)]);
    expect(receiver.carriedBytes).toBe(5);
    receiver.stop();
    expect(receiver.carriedBytes).toBe(0);
    expect(log.take(receiver, [Buffer.of(0xff, 0xff)]).entries).toEqual([]);
  });

  it('is what a sink that throws does: the rest of its chunk is lost', () => {
    const receiver = new WsReceiver(100);
    const failure = new Error('the sink fails');
    const log = new ReceiverLog();
    const failing = Object.assign(new ReceiverLog(), {
      message: () => {
        throw failure;
      },
    });
    const chunk = Buffer.concat([wsFrame(Text, 'one'), wsFrame(Text, 'two'), Buffer.of(0x81)]);
    expect(() => receiver.push(chunk, failing)).toThrow(failure);
    expect(log.take(receiver, [wsFrame(Text, 'three')]).entries).toEqual([]);
    expect(receiver.carriedBytes).toBe(0);
  });
});

describe('the memory of a receiver', () => {
  const arrayBuffers = (): number => process.memoryUsage().arrayBuffers;

  it('is nothing between messages', () => {
    const receiver = new WsReceiver(MIB);
    const log = new ReceiverLog();
    const [begin, end] = fragmented(Text, ['frag', 'ment']);
    const [head, tail] = splitAt(end!, [7]);
    log.take(receiver, [begin!]);
    expect(receiver.carriedBytes).toBe(4);
    log.take(receiver, [head!]);
    expect(receiver.carriedBytes).toBe(4 + 7);
    log.take(receiver, [tail!]);
    expect(receiver.carriedBytes).toBe(0);
    expect(log.texts).toEqual(['fragment']);
  });

  it('follows what has arrived, not what a frame announces', () => {
    const before = arrayBuffers();
    const head = wsFrame(Binary, Buffer.alloc(2000), { announced: 64 * MIB });
    const receivers = Array.from({ length: 50 }, (_, i) => {
      const receiver = new WsReceiver(64 * MIB);
      const inside = i % 3 === 0 ? [wsFrame(Binary, '', { fin: false })] : [];
      const opcode = i % 3 === 0 ? Continuation : Binary;
      const bytes = Buffer.from(head);
      bytes[0] = 0x80 | opcode;
      new ReceiverLog().take(receiver, [...inside, ...(i % 2 === 0 ? [bytes] : bytewise(bytes))]);
      return receiver;
    });
    expect(receivers.every(({ carriedBytes }) => carriedBytes === 2014)).toBe(true);
    // Announced are 3.2 GB; 2 KB each have come.
    expect(arrayBuffers() - before).toBeLessThan(4 * MIB);
  });

  it('takes a large message byte by byte in a time that grows with its size, not with its square', () => {
    const timeOf = (size: number): number => {
      const bytes = wsFrame(Binary, Buffer.alloc(size, 'p'));
      const receiver = new WsReceiver(64 * MIB);
      let messages = 0;
      const sink = Object.assign(new ReceiverLog(), { message: () => messages++ });
      const start = process.cpuUsage();
      for (let i = 0; i < bytes.length; i++) receiver.push(bytes.subarray(i, i + 1), sink);
      const { user, system } = process.cpuUsage(start);
      expect(messages).toBe(1);
      return user + system;
    };
    timeOf(100_000);
    const small = Math.min(timeOf(100_000), timeOf(100_000));
    // 16 times the bytes: 16 times the work, 256 times if every byte moved all before it.
    expect(timeOf(1_600_000) / small).toBeLessThan(80);
  });
});
