import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FrameDecoder, type NodeAddress } from '#protocol';
import {
  dialWithHandshake,
  GATEWAY,
  listenForHandshakes,
  WORKER,
} from '../../../../test/links/handshake-kit.js';
import { frameOf, until } from '../../../../test/links/link-kit.js';

/** Changes what one side sends. Told how many bytes, or frames, of that side went through before. */
type Tamper = (fromDialer: boolean, bytes: Buffer) => readonly Buffer[];

/** Stands between two nodes. */
async function standBetween(to: NodeAddress, tamper: Tamper): Promise<NodeAddress> {
  const pump = (from: Socket, into: Socket, fromDialer: boolean): void => {
    let writing = Promise.resolve();
    into.setNoDelay(true);
    from.on('data', (chunk: Buffer) => {
      const parts = tamper(fromDialer, chunk);
      writing = writing.then(async () => {
        for (const part of parts) {
          into.write(part);
          if (parts.length > 1) await nextTurn();
        }
      });
    });
    from.on('close', () => into.destroy());
    from.on('error', () => undefined);
  };
  const server = createServer((dialed) => {
    const onward = connect({ host: to.host, port: to.port });
    pump(dialed, onward, true);
    pump(onward, dialed, false);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('The server does not listen on a port');
  return { host: '127.0.0.1', port: bound.port };
}

/** In which state both sides end: nobody may be let in who should not be. */
async function shake(tamper: Tamper, handshakeTimeoutMs = 10_000) {
  const options = { handshakeTimeoutMs, closeTimeoutMs: 20 };
  const listener = await listenForHandshakes({}, options);
  const dialer = dialWithHandshake(await standBetween(listener.address, tamper), {}, options);
  await until(
    () => dialer.recorder.reasons.length + dialer.recorder.peers.length > 0,
    'the dialer knows what has come of it',
  );
  return { dialer: dialer.recorder, listener: listener.recorder };
}

/** Takes the frames of each side apart, hands each payload over with its number, and frames what comes back. */
function payloads(change: (fromDialer: boolean, number: number, payload: Buffer) => Buffer): Tamper {
  const sides = [true, false].map(() => ({ decoder: new FrameDecoder(4_096), count: 0 }));
  return (fromDialer, bytes) => {
    const side = sides[Number(fromDialer)]!;
    const frames: Buffer[] = [];
    side.decoder.push(bytes, (payload) =>
      frames.push(frameOf(change(fromDialer, side.count++, Buffer.from(payload.rest())))),
    );
    return frames.length === 0 ? [] : [Buffer.concat(frames)];
  };
}

const OPENING_BYTES = 18;
const introductionBytes = (name: string): number => 1 + 1 + 4 + 16 + 6 + 1 + name.length + 32;

const MESSAGES = [
  ['Hello', true, 0, OPENING_BYTES],
  ['Challenge', false, 0, OPENING_BYTES],
  ['Auth', true, 1, introductionBytes(WORKER.name)],
  ['Ready', false, 1, introductionBytes(GATEWAY.name)],
] as const;

describe('whoever stands between two nodes', () => {
  it('can let everything through', async () => {
    const seen: [boolean, number, number][] = [];
    const { dialer, listener } = await shake(
      payloads((fromDialer, number, payload) => {
        seen.push([fromDialer, number, payload.length]);
        return payload;
      }),
    );
    expect(dialer.peers).toEqual([GATEWAY]);
    expect(listener.peers).toEqual([WORKER]);
    expect(seen).toEqual(MESSAGES.map(([, fromDialer, number, bytes]) => [fromDialer, number, bytes]));
  });

  it.each(MESSAGES)(
    'opens no link by changing any byte of the payload of %s, with a checksum that is right',
    async (name, sender, index, bytes) => {
      for (let at = 0; at < bytes; at++) {
        const bit = 1 << (at % 8);
        const { dialer, listener } = await shake(
          payloads((fromDialer, number, payload) => {
            if (fromDialer === sender && number === index) payload[at]! ^= bit;
            return payload;
          }),
        );
        expect(dialer.peers, `byte ${at}`).toEqual([]);
        expect(dialer.reasons[0], `byte ${at}`).toBeInstanceOf(Error);
        // A listener that has sent Ready has let in a dialer that was proven; it is gone at once.
        expect(listener.peers, `byte ${at}`).toEqual(name === 'Ready' ? [WORKER] : []);
        expect(listener.frames).toEqual([]);
      }
    },
    60_000,
  );

  it('opens no link by changing any byte on the wire', async () => {
    const total = MESSAGES.reduce((sum, [, , , bytes]) => sum + 8 + bytes, 0);
    const perSide = [true, false].map((sender) =>
      MESSAGES.filter(([, fromDialer]) => fromDialer === sender).reduce(
        (sum, [, , , bytes]) => sum + 8 + bytes,
        0,
      ),
    );
    expect(perSide[0]! + perSide[1]!).toBe(total);
    await fc.assert(
      fc.asyncProperty(
        fc
          .boolean()
          .chain((sender) =>
            fc.tuple(
              fc.constant(sender),
              fc.nat(perSide[sender ? 0 : 1]! - 1),
              fc.integer({ min: 1, max: 255 }),
            ),
          ),
        async ([sender, target, mask]) => {
          let passed = 0;
          const { dialer, listener } = await shake((fromDialer, bytes) => {
            if (fromDialer !== sender) return [bytes];
            const at = target - passed;
            passed += bytes.length;
            if (at >= 0 && at < bytes.length) bytes[at]! ^= mask;
            return [bytes];
            // A length that was changed announces more than will come: that is found by its deadline alone.
          }, 150);
          expect(dialer.peers).toEqual([]);
          if (sender) expect(listener.peers).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('changes nothing by cutting the bytes anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        async (sizes) => {
          let turn = 0;
          const { dialer, listener } = await shake((_fromDialer, bytes) => {
            const parts: Buffer[] = [];
            for (let at = 0; at < bytes.length;) {
              const size = sizes[turn++ % sizes.length]!;
              parts.push(bytes.subarray(at, at + size));
              at += size;
            }
            return parts;
          });
          expect(dialer.peers).toEqual([GATEWAY]);
          expect(listener.peers).toEqual([WORKER]);
        },
      ),
      { numRuns: 25, examples: [[[1]], [[8, 18]], [[26]]] },
    );
  }, 60_000);

  it('opens no link by swapping the messages of two handshakes', async () => {
    const kept: Buffer[] = [];
    await shake(
      payloads((fromDialer, number, payload) => {
        if (fromDialer && number === 1) kept.push(payload);
        return payload;
      }),
    );
    const { dialer, listener } = await shake(
      payloads((fromDialer, number, payload) => (fromDialer && number === 1 ? kept[0]! : payload)),
    );
    expect(kept).toHaveLength(1);
    expect(dialer.reasons[0]).toMatchObject({ refusal: 'unproven' });
    expect(listener.peers).toEqual([]);
  });
});
