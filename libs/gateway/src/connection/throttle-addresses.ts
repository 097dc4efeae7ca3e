/** What clients of one address have in common. */
export interface AddressShare {
  readonly key: string;
  connections: number;
  /** See `ThrottleRate`. */
  paidUntilMs: number;
}

export interface AddressLimits {
  readonly maxConnectionsPerAddress: number;
  readonly maxMessagesPerSecondPerAddress: number;
}

/** Addresses without a connection that are remembered, because they have taken more than is paid for: 3 MiB at most. */
const MOST_REMEMBERED = 16_384;

/**
 * The addresses that have connections, and for a while those that had some: who comes back has not paid meanwhile. An IPv6 address
 * counts as its network of 64 bits, as whoever has one has all of them.
 */
export class ThrottleAddresses {
  readonly #present = new Map<string, AddressShare>();
  /** In the order in which they left. */
  readonly #remembered = new Map<string, AddressShare>();

  /** @param maxConnections of one address; 0 sets no limit */
  constructor(private readonly maxConnections: number) {}

  /** Undefined when nothing is limited for each address. */
  static of(options: AddressLimits): ThrottleAddresses | undefined {
    const { maxConnectionsPerAddress, maxMessagesPerSecondPerAddress } = options;
    if (maxConnectionsPerAddress === 0 && maxMessagesPerSecondPerAddress === 0) return undefined;
    return new ThrottleAddresses(maxConnectionsPerAddress);
  }

  get size(): number {
    return this.#present.size + this.#remembered.size;
  }

  /** One connection more. @returns undefined when there are too many of this address already */
  enter(address: string): AddressShare | undefined {
    const key = keyOf(address);
    const share = this.#present.get(key) ?? this.#recall(key);
    if (this.maxConnections > 0 && share.connections >= this.maxConnections) return undefined;
    share.connections++;
    return share;
  }

  leave(share: AddressShare): void {
    if (--share.connections > 0) return;
    this.#present.delete(share.key);
    const nowMs = performance.now();
    this.#forgetOld(nowMs);
    if (share.paidUntilMs > nowMs) this.#remembered.set(share.key, share);
  }

  /** Undefined for an address that has no connection. */
  find(address: string): AddressShare | undefined {
    return this.#present.get(keyOf(address));
  }

  #recall(key: string): AddressShare {
    const share = this.#remembered.get(key) ?? { key, connections: 0, paidUntilMs: 0 };
    this.#remembered.delete(key);
    this.#present.set(key, share);
    return share;
  }

  /** From the oldest on, up to the first that is still of interest, which makes room at least for one more. */
  #forgetOld(nowMs: number): void {
    for (const [key, { paidUntilMs }] of this.#remembered) {
      if (paidUntilMs > nowMs && this.#remembered.size < MOST_REMEMBERED) return;
      this.#remembered.delete(key);
    }
  }
}

const NETWORK_GROUPS = 4;

/** @param address as sockets have it, without a mapped IPv4 address */
function keyOf(address: string): string {
  if (!address.includes(':')) return address;
  const [before, after] = address.split('::', 2);
  const head = groupsOf(before);
  const tail = groupsOf(after);
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const groups = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail];
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

function groupsOf(part: string | undefined): string[] {
  return part === undefined || part === '' ? [] : part.split(':');
}
