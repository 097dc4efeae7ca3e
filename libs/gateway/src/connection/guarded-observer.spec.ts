import { describe, expect, it } from 'vitest';
import { byteStringFromText, COMMANDS } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { GatewayStats } from '../gateway-stats.js';
import { RawClient } from '../test/clients.js';
import { LogRecorder, TestGateway } from '../test/test-gateway.js';
import { guardedObserver } from './guarded-observer.js';
import type { TableObserver } from './table-observer.js';

class Failing implements TableObserver {
  readonly told: string[] = [];

  opened(): void {
    this.#fail('opened');
  }

  joined(): void {
    this.#fail('joined');
  }

  closed(): void {
    this.#fail('closed');
  }

  #fail(name: string): never {
    this.told.push(name);
    throw new Error(`${name} is broken`);
  }
}

describe('an observer that throws', () => {
  it('costs nobody anything: the table has changed, and each failure is counted and logged', async () => {
    const broken = new Failing();
    const observer = Object.assign(broken, { bound: () => Promise.reject(new Error('bound is broken')) });
    const node = await TestGateway.start({ observer });
    const client = await RawClient.dial(node.tcp);
    const [connection] = await node.connected(1);
    const caller = await node.caller();
    const connectionId = connection!.id;
    caller.command(COMMANDS.bindUid, { connectionId, uid: byteStringFromText('ann') });
    caller.command(COMMANDS.joinGroup, { connectionId, group: byteStringFromText('all') });
    await caller.settled();
    expect([connection!.uid, [...connection!.groups]]).toEqual(['ann', ['all']]);
    client.socket.end();
    await node.connected(0);
    await until(() => node.stats.observerFailures === 4, 'all have been counted');
    expect(broken.told).toEqual(['opened', 'joined', 'closed']);
    const lines = node.log.texts('error');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toContain('"opened" of the gateway\'s observer failed: Error: opened is broken');
    expect(node.stats.badLinks).toBe(0);
  });

  it('that listens to nothing is not called for', () => {
    expect(guardedObserver({}, new GatewayStats(), new LogRecorder())).toEqual({});
    const guarded = guardedObserver({ left: () => undefined }, new GatewayStats(), new LogRecorder());
    expect(Object.keys(guarded)).toEqual(['left']);
  });
});
