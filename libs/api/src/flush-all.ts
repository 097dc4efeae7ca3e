import { codeFact } from '#protocol';
import { FlushTimeoutError } from './errors.js';
import type { GatewayNode } from './gateway-node.js';
import type { ResolvedPoolOptions } from './pool-options.js';
import { within } from './within.js';

/**
 * Resolves when all of them have taken what was called before.
 * @param timeoutMs 0 waits for ever
 * @throws FlushTimeoutError that names those that have not
 */
export async function flushAll(nodes: readonly GatewayNode[], timeoutMs: number): Promise<void> {
  const waiting = new Set(nodes);
  const flushed = Promise.all(
    nodes.map(async (node) => {
      await node.flush();
      waiting.delete(node);
    }),
  );
  if (await within(timeoutMs, flushed)) return;
  const slow = [...waiting];
  const queuedBytes = slow.reduce((sum, { channel }) => sum + channel.queuedBytes, 0);
  throw new FlushTimeoutError(
    slow.map(({ address }) => address),
    queuedBytes,
    timeoutMs,
  );
}

/** Before the end: a gateway that takes nothing does not keep this process from ending. */
export async function flushAtLast(
  flushed: Promise<void>,
  { commandLink, log }: ResolvedPoolOptions,
): Promise<void> {
  try {
    await within(commandLink.closeTimeoutMs, flushed);
  } catch (error) {
    log.warn('Not everything was sent before the end', { error, ...codeFact(error) });
  }
}
