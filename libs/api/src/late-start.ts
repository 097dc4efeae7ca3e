import { formatAddress } from '#protocol';
import type { GatewayNode } from './gateway-node.js';
import type { ResolvedPoolOptions } from './pool-options.js';

/**
 * The application goes on without what could not be reached in `startTimeoutMs`: it is reached later.
 * @param members undefined when no list of gateways has come
 */
export function reportLateStart(
  members: readonly GatewayNode[] | undefined,
  { startTimeoutMs, log }: ResolvedPoolOptions,
): void {
  if (members === undefined) {
    return log.warn(
      `Started without a list of gateways: no register has answered in ${startTimeoutMs} ms. Calls wait for it`,
    );
  }
  const gateways = members.filter(({ isLinked }) => !isLinked).map(({ address }) => formatAddress(address));
  log.warn(`Started without these gateways, which are still being dialled: ${gateways.join(', ')}`, {
    gateways,
  });
}
