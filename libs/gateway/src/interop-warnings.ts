import { formatAddress, type NodeAddress } from '#protocol';

/** PHP workers trim the gateway list as if it were text, and with it a port that ends in one of these bytes. */
const TRIMMED_BYTES: ReadonlySet<number> = new Set([0x00, 0x09, 0x0a, 0x0d, 0x20]);

/** What an operator should know who lets nodes of the original in. */
export function interopWarnings(address: NodeAddress): string[] {
  const warnings = [
    `Serving SwooleWorker nodes: their protocol has no authentication, so whoever reaches ${formatAddress(address)} can send ` +
      'commands. Let nobody but the nodes reach it.',
  ];
  if (TRIMMED_BYTES.has(address.port & 0xff)) {
    warnings.push(
      `PHP workers overlook a gateway whose port ends in the byte ${address.port & 0xff}, as ${address.port} does, when it is last ` +
        'in the list. Set NESTWIRE_LAN to another port.',
    );
  }
  return warnings;
}
