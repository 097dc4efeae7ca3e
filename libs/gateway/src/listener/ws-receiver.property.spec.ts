import fc from 'fast-check';
import { describe, it, expect } from 'vitest';
import { bytewise, ReceiverLog, splitAt } from '../test/receiver-log.js';
import { anyFrame, chunkCuts, mutations, validStream } from '../test/ws-stream-arbitraries.js';
import { WsProtocolError, WsReceiver } from './ws-receiver.js';

const MIB = 1024 * 1024;

describe('WsReceiver, whatever a client sends that is allowed,', () => {
  it('gives back exactly the messages, in whatever fragments, masks and chunks', () => {
    fc.assert(
      fc.property(validStream, chunkCuts, ({ frames, expected }, cuts) => {
        const chunks = splitAt(Buffer.concat(frames), cuts);
        const receiver = new WsReceiver(MIB);
        expect(new ReceiverLog().take(receiver, chunks).entries).toEqual(expected);
        expect(receiver.carriedBytes).toBe(0);
      }),
      { numRuns: 1500 },
    );
  });

  it('gives back the same byte by byte, and frame by frame', () => {
    const short = validStream.filter(({ frames }) => Buffer.concat(frames).length < 2000);
    fc.assert(
      fc.property(short, ({ frames, expected }) => {
        const byByte = new ReceiverLog().take(new WsReceiver(MIB), bytewise(Buffer.concat(frames)));
        expect(byByte.entries).toEqual(expected);
        expect(new ReceiverLog().take(new WsReceiver(MIB), frames).entries).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});

describe('WsReceiver, whatever a client sends,', () => {
  const anyStream = fc
    .tuple(
      fc.oneof(
        fc.array(anyFrame, { maxLength: 8 }),
        validStream.map(({ frames }) => [...frames]),
      ),
      mutations,
    )
    .map(([frames, mutate]) => mutate(Buffer.concat(frames)));

  it('makes the same of it in any chunks', () => {
    fc.assert(
      fc.property(anyStream, chunkCuts, (bytes, cuts) => {
        const whole = new ReceiverLog().take(new WsReceiver(1000), [bytes]);
        const inChunks = new ReceiverLog().take(new WsReceiver(1000), splitAt(bytes, cuts));
        expect(inChunks.entries).toEqual(whole.entries);
      }),
      { numRuns: 1000 },
    );
  });

  it('throws nothing but a WsProtocolError, with a code that may be sent, and never holds more than has come', () => {
    fc.assert(
      fc.property(anyStream, chunkCuts, (bytes, cuts) => {
        const receiver = new WsReceiver(1000);
        const log = new ReceiverLog();
        let pushed = 0;
        try {
          for (const chunk of splitAt(bytes, cuts)) {
            pushed += chunk.length;
            receiver.push(Buffer.from(chunk), log);
            expect(receiver.carriedBytes).toBeLessThanOrEqual(Math.min(pushed, 1000 + 1000 + 14));
          }
        } catch (error) {
          if (!(error instanceof WsProtocolError)) throw error;
          expect([1002, 1007, 1008, 1009]).toContain(error.closeCode);
          expect(error.code).toMatch(/^ERR_NESTWIRE_WS_/);
          // It goes into a close frame's reason, which takes 123 bytes.
          expect(Buffer.byteLength(error.message)).toBeLessThanOrEqual(123);
          expect(receiver.carriedBytes).toBe(0);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
