import { describe, expect, it } from 'vitest';
import { interopWarnings } from './interop-warnings.js';
import { TestGateway } from './test/test-gateway.js';

describe('a gateway that serves SwooleWorker nodes', () => {
  it('warns at the start that anyone who reaches its LAN port can send commands', async () => {
    const node = await TestGateway.start({ serialization: 'php' });
    expect(node.log.texts('warn')[0]).toMatch(
      /^Serving SwooleWorker nodes: their protocol has no authentication/,
    );
    const other = await TestGateway.start();
    expect(other.log.texts('warn')).toEqual([]);
  });

  it('warns of a port that PHP workers overlook', () => {
    const countFor = (port: number): number => interopWarnings({ host: '127.0.0.1', port }).length;
    expect([9216, 9225, 9226, 9229, 9248].map(countFor)).toEqual([2, 2, 2, 2, 2]);
    expect([9108, 9217, 9227, 9249].map(countFor)).toEqual([1, 1, 1, 1]);
    expect(interopWarnings({ host: '127.0.0.1', port: 9216 })[1]).toContain(
      'ends in the byte 0, as 9216 does',
    );
  });
});
