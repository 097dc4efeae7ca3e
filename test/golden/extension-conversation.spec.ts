import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { dialerHandshake, Link, resolveLinkOptions } from '#link';
import type { NodeAddress } from '#protocol';
import { RawClient } from '../../libs/gateway/src/test/clients.js';
import { TestGateway } from '../../libs/gateway/src/test/test-gateway.js';
import { until } from '../links/link-kit.js';

interface Step {
  readonly who: string;
  readonly does: 'connects' | 'says' | 'hears' | 'ends';
  /** The payload; `ID` stands for the client's connection, which the gateway numbers. */
  readonly hex?: string;
  readonly what?: string;
}

const steps = JSON.parse(
  readFileSync(new URL('./extension/conversation.json', import.meta.url), 'utf8'),
) as readonly Step[];

/** The other end of a LAN link behind its handshake: payloads as they are. */
class BareWorker {
  readonly heard: string[] = [];
  readonly #link: Link;
  #isWelcomed = false;

  constructor({ host, port }: NodeAddress) {
    const session = randomBytes(16).toString('hex');
    const terms = { secrets: [''], role: 'caller', name: '', session: () => session } as const;
    this.#link = new Link(
      connect({ host, port }),
      'gateway',
      resolveLinkOptions(),
      dialerHandshake(terms, {
        welcomed: () => (this.#isWelcomed = true),
        frame: (payload) => void this.heard.push(payload.rest().toString('hex')),
      }),
    );
    onTestFinished(() => this.#link.destroy());
  }

  static async dial(address: NodeAddress): Promise<BareWorker> {
    const worker = new BareWorker(address);
    await until(() => worker.#isWelcomed, 'the handshake is done');
    return worker;
  }

  say(hex: string): void {
    this.#link.send((writer) => writer.bytes(Buffer.from(hex, 'hex')));
    this.#link.flush();
  }

  end(): void {
    this.#link.destroy();
  }
}

it('a gateway speaks the extension to the byte: events, session writes, acknowledgements, leaving, redelivery', async () => {
  const node = await TestGateway.start({ protocol: 'nestwire', workerSilenceTimeoutMs: 60_000 });
  const workers = new Map<string, BareWorker>();
  let client: RawClient | undefined;
  let id = '';
  const workerOf = async (name: string): Promise<BareWorker> => {
    const worker = workers.get(name) ?? (await BareWorker.dial(node.gateway.address!));
    workers.set(name, worker);
    return worker;
  };

  for (const [index, { who, does, hex = '', what }] of steps.entries()) {
    const step = `step ${index + 1}: ${who} ${does} ${what ?? hex}`;
    if (who === 'client') {
      client ??= await RawClient.dial(node.tcp);
      if (does === 'says') client.write(Buffer.concat([Buffer.from(hex, 'hex'), Buffer.from('\n')]));
      continue;
    }
    const worker = await workerOf(who);
    if (does === 'ends') worker.end();
    if (does === 'says') worker.say(hex.replace('ID', id));
    if (does !== 'hears') continue;
    await until(() => worker.heard.length > 0, step);
    const heard = worker.heard.shift()!;
    if (id === '' && hex.includes('ID')) id = heard.slice(2, 10);
    expect(heard, step).toBe(hex.replace('ID', id));
  }
  await until(() => node.gateway.workers.unacknowledged === 0, 'all events are done with');
  for (const [name, { heard }] of workers) expect(heard, name).toEqual([]);
});
