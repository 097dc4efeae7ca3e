import type { GatewayEntry } from '#protocol';
import type { Membership } from '#register';

/** These gateways, for good: what a register would tell, without one. */
export function knownGateways(...gateways: readonly GatewayEntry[]): Membership {
  return {
    gateways,
    subscribe(listener) {
      listener(gateways);
      return () => undefined;
    },
    start: () => undefined,
    close: async () => undefined,
  };
}
