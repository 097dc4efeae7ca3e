import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FaultProxy, type FaultProxyOptions } from './fault-proxy.js';
import { SeededRandom } from './random.js';
import { TestListener, TestSocket } from './test/sockets.js';

interface Pair {
  readonly proxy: FaultProxy;
  readonly listener: TestListener;
  readonly dialer: TestSocket;
  readonly target: TestSocket;
}

/** Two sockets that talk through a proxy. */
async function pair(options: FaultProxyOptions = {}): Promise<Pair> {
  const listener = await TestListener.listen();
  const proxy = await FaultProxy.listen(listener.address, options);
  onTestFinished(() => proxy.close());
  const dialer = await TestSocket.dial(proxy.address);
  const target = await listener.accepted(1);
  return { proxy, listener, dialer, target };
}

/** Long enough for bytes to come that should not. */
const A_WHILE_MS = 60;

describe('a proxy without faults', () => {
  it('passes bytes on, both ways', async () => {
    const { dialer, target } = await pair();
    dialer.write('ping');
    await target.received('ping');
    target.write('pong');
    await dialer.received('pong');
  });

  it('passes on more than the system takes at once, whole and in order', async () => {
    const { dialer, target } = await pair();
    const bytes = Buffer.from(Uint32Array.from({ length: 2 ** 20 }, (_, at) => at).buffer);
    dialer.write(bytes);
    await target.until(() => Buffer.concat(target.chunks).length === bytes.length);
    expect(Buffer.concat(target.chunks).equals(bytes)).toBe(true);
  });

  it('passes the end of one direction on, and keeps the other', async () => {
    const { proxy, dialer, target } = await pair();
    dialer.socket.end('last words');
    await target.told('end');
    expect(target.text).toBe('last words');
    target.socket.end('answer');
    await dialer.told('close');
    expect(dialer.text).toBe('answer');
    expect(dialer.news).toEqual(['end', 'close']);
    await target.told('close');
    await expect.poll(() => proxy.connections).toBe(0);
  });

  it('passes a reset on', async () => {
    const { dialer, target } = await pair();
    dialer.socket.resetAndDestroy();
    await target.told('ECONNRESET');
  });

  it('resets who dials while there is no target', async () => {
    const proxy = await FaultProxy.listen();
    onTestFinished(() => proxy.close());
    const early = new TestSocket(connect(proxy.address));
    await early.told('ECONNRESET');
    const listener = await TestListener.listen();
    proxy.target = listener.address;
    const late = await TestSocket.dial(proxy.address);
    late.write('here');
    await (await listener.accepted(1)).received('here');
  });

  it('resets who dials a target that is not there', async () => {
    const { proxy } = await pair();
    const free = await FaultProxy.listen();
    await free.close();
    proxy.target = free.address;
    const dialer = new TestSocket(connect(proxy.address));
    await dialer.told('ECONNRESET');
  });
});

describe('a delay', () => {
  it('holds bytes of one direction for so long, and those of the other not', async () => {
    const { proxy, dialer, target } = await pair();
    proxy.delay(80, { directions: 'toTarget' });
    target.write('quick');
    const startMs = performance.now();
    dialer.write('slow');
    await dialer.received('quick');
    expect(target.text).toBe('');
    await target.received('slow');
    expect(target.timesMs[0]! - startMs).toBeGreaterThanOrEqual(79);
  });

  it('with jitter keeps the order', async () => {
    const { proxy, dialer, target } = await pair({ random: new SeededRandom(7) });
    proxy.delay(1, { jitterMs: 15, directions: 'toTarget' });
    const numbers = Array.from({ length: 20 }, (_, number) => `${number} `);
    for (const number of numbers) {
      dialer.write(number);
      await delay(1);
    }
    await target.received('19 ');
    expect(target.text).toBe(numbers.join(''));
  });

  it('that is taken off sends what waits', async () => {
    const { proxy, dialer, target } = await pair();
    proxy.delay(60_000);
    dialer.write('waiting');
    await delay(A_WHILE_MS);
    expect(target.text).toBe('');
    proxy.delay(0);
    dialer.write(', and what follows');
    await target.received('waiting, and what follows');
  });

  it('holds the end too', async () => {
    const { proxy, dialer, target } = await pair();
    proxy.delay(50);
    const startMs = performance.now();
    dialer.socket.end('x');
    await target.told('end');
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(49);
    expect(target.text).toBe('x');
  });
});

describe('a freeze', () => {
  it('holds bytes both ways, and loses none', async () => {
    const { proxy, dialer, target } = await pair();
    proxy.freeze();
    dialer.write('there');
    target.write('back');
    await delay(A_WHILE_MS);
    expect([dialer.text, target.text]).toEqual(['', '']);
    proxy.thaw();
    await Promise.all([target.received('there'), dialer.received('back')]);
  });

  it('of one direction leaves the other', async () => {
    const { proxy, dialer, target } = await pair();
    proxy.freeze('toTarget');
    dialer.write('question');
    target.write('news');
    await dialer.received('news');
    expect(target.text).toBe('');
    proxy.thaw('toTarget');
    await target.received('question');
  });

  it('fills up its sender, which loses nothing', async () => {
    const { proxy, dialer, target } = await pair();
    proxy.freeze('toTarget');
    const bytes = Buffer.alloc(40 * 1024 * 1024, 'x');
    dialer.write(bytes);
    await delay(A_WHILE_MS);
    // What neither the system nor the proxy takes stays with the sender.
    expect(dialer.socket.writableLength).toBeGreaterThan(16 * 1024 * 1024);
    proxy.thaw();
    let received = 0;
    await target.until(
      () => (received = target.chunks.reduce((sum, { length }) => sum + length, 0)) >= bytes.length,
    );
    expect(received).toBe(bytes.length);
  });

  it('holds an end and a reset too', async () => {
    const { proxy, listener, dialer, target } = await pair();
    const other = await TestSocket.dial(proxy.address);
    const otherTarget = await listener.accepted(2);
    proxy.freeze();
    dialer.socket.end();
    other.socket.resetAndDestroy();
    await delay(A_WHILE_MS);
    expect([target.news, otherTarget.news]).toEqual([[], []]);
    proxy.thaw();
    await Promise.all([target.told('end'), otherTarget.told('ECONNRESET')]);
  });

  it('holds connections that are made meanwhile', async () => {
    const { proxy, listener } = await pair();
    proxy.freeze();
    const late = await TestSocket.dial(proxy.address);
    late.write('late');
    const target = await listener.accepted(2);
    await delay(A_WHILE_MS);
    expect(target.text).toBe('');
    await proxy.heal();
    await target.received('late');
  });
});

describe('a cut', () => {
  it('ends both sides with a FIN, and takes new connections', async () => {
    const { proxy, listener, dialer, target } = await pair();
    expect(proxy.cut()).toBe(1);
    await Promise.all([dialer.told('end'), target.told('end')]);
    expect([dialer.news[0], target.news[0]]).toEqual(['end', 'end']);
    expect(proxy.connections).toBe(0);
    const again = await TestSocket.dial(proxy.address);
    again.write('again');
    await (await listener.accepted(2)).received('again');
  });
});

describe('a reset', () => {
  it('ends both sides with a RST, and takes new connections', async () => {
    const { proxy, listener, dialer, target } = await pair();
    expect(proxy.reset()).toBe(1);
    await Promise.all([dialer.told('close'), target.told('close')]);
    expect([dialer.news, target.news]).toEqual([
      ['ECONNRESET', 'close'],
      ['ECONNRESET', 'close'],
    ]);
    await TestSocket.dial(proxy.address);
    await listener.accepted(2);
  });
});

describe('a split', () => {
  it('sends bytes in pieces, in order', async () => {
    const { proxy, dialer, target } = await pair();
    proxy.split(3, 'toTarget');
    const text = Array.from({ length: 100 }, (_, at) => String(at)).join();
    dialer.write(text);
    await target.until(() => target.text.length === text.length);
    expect(target.text).toBe(text);
    expect(target.chunks.length).toBeGreaterThan(50);
    proxy.split(0);
    dialer.write('whole again');
    await target.until(() => target.text.length === text.length + 11);
    expect(target.chunks.at(-1)!.toString()).toBe('whole again');
  });

  it('sends pieces before the end', async () => {
    const { proxy, dialer, target } = await pair();
    proxy.split(1);
    dialer.socket.end('abcdef');
    await target.told('end');
    expect(target.text).toBe('abcdef');
  });
});

describe('one-way', () => {
  it('swallows what goes that way, also an end', async () => {
    const { proxy, dialer, target } = await pair();
    proxy.swallow('toTarget');
    dialer.socket.end('nobody hears this');
    target.write('but this');
    await dialer.received('but this');
    await delay(A_WHILE_MS);
    expect(target.text).toBe('');
    expect(target.news).toEqual([]);
  });

  it('is healed by a reset where something was lost, and only there', async () => {
    const { proxy, listener, dialer, target } = await pair();
    const other = await TestSocket.dial(proxy.address);
    const otherTarget = await listener.accepted(2);
    proxy.swallow('toTarget');
    dialer.write('lost');
    target.write('still here');
    await dialer.received('still here');
    await delay(A_WHILE_MS);
    await proxy.heal();
    await Promise.all([dialer.told('ECONNRESET'), target.told('ECONNRESET')]);
    other.write('well');
    await otherTarget.received('well');
  });
});

describe('refusing', () => {
  it('turns new connections away, keeps the old ones, and ends on the same port', async () => {
    const { proxy, listener, dialer, target } = await pair();
    const { port } = proxy.address;
    await proxy.refuse();
    const refused = new TestSocket(connect(proxy.address));
    await refused.told('ECONNREFUSED');
    dialer.write('still here');
    await target.received('still here');
    await proxy.accept();
    expect(proxy.address.port).toBe(port);
    await TestSocket.dial(proxy.address);
    await listener.accepted(2);
  });
});

describe('closing', () => {
  it('ends all connections and gives the port back', async () => {
    const { proxy, dialer, target } = await pair();
    await proxy.close();
    await Promise.all([dialer.told('end'), target.told('end')]);
    const refused = new TestSocket(connect(proxy.address));
    await refused.told('ECONNREFUSED');
  });

  it('ends those too that were cut, and whose ends nobody reads', async () => {
    const { proxy, dialer, target } = await pair();
    target.socket.pause();
    dialer.write(Buffer.alloc(40 * 1024 * 1024));
    await delay(A_WHILE_MS);
    proxy.cut();
    await proxy.close();
    const writing = setInterval(() => target.write('is anybody there?'), 5);
    onTestFinished(() => clearInterval(writing));
    await target.told('close');
    expect(['EPIPE', 'ECONNRESET']).toContain(target.news[0]);
  });
});

describe('wrong arguments', () => {
  it.each([
    ['delayMs', (proxy: FaultProxy) => proxy.delay(-1)],
    ['jitterMs', (proxy: FaultProxy) => proxy.delay(1, { jitterMs: 1.5 })],
    ['chunkBytes', (proxy: FaultProxy) => proxy.split(-2)],
  ])('%s', async (argument, act) => {
    const proxy = await FaultProxy.listen();
    onTestFinished(() => proxy.close());
    expect(() => act(proxy)).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_ARGUMENT', argument }),
    );
  });
});
