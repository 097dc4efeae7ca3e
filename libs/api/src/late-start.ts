import { formatAddress, type NodeAddress } from '#protocol';
import type { GatewayNode } from './gateway-node.js';
import type { ResolvedPoolOptions } from './pool-options.js';

/**
 * The application goes on without what could not be reached in `startTimeoutMs`: it is reached later.
 * @param members undefined when no list of gateways has come
 * @param refusedBy the registers that have answered, and said no
 */
export function reportLateStart(
  members: readonly GatewayNode[] | undefined,
  refusedBy: readonly NodeAddress[],
  { startTimeoutMs, log }: ResolvedPoolOptions,
): void {
  if (members === undefined && refusedBy.length > 0) {
    const registers = refusedBy.map(formatAddress);
    return log.warn(
      `Started without a list of gateways: ${registers.join(', ')} refused this node, for the reason that was logged, and no ` +
        `other register has given one in ${startTimeoutMs} ms. Calls wait for it`,
      { registers },
    );
  }
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
