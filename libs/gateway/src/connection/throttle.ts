import type { Connection } from './connection.js';
import type { ConnectionTable } from './connection-table.js';
import { slotOf } from './slot-allocator.js';
import { SlotSet } from './slot-set.js';
import type { AddressShare, ThrottleAddresses } from './throttle-addresses.js';
import { ThrottleQueue } from './throttle-queue.js';
import { ThrottleRate } from './throttle-rate.js';
import type { WhenThrottled } from './when-throttled.js';

export interface ThrottleOptions {
  readonly maxMessagesPerSecond: number;
  readonly maxBytesPerSecond: number;
  readonly maxMessagesPerSecondPerAddress: number;
  readonly throttleBurstMs: number;
  readonly whenThrottled: WhenThrottled;
}

export interface ThrottleCounters {
  clientsThrottled: number;
  messagesThrottled: number;
}

const PAGE_BITS = 12;
const PAGE_SLOTS = 1 << PAGE_BITS;
/** Of each client: up to when its messages are paid for, and its bytes. */
const NUMBERS = 2;

/**
 * Holds clients to the rates that they may send at. All that it has of a client are two numbers, and the share of its address; a client that
 * waits is not read, so what it sends stays in its own socket and costs the others nothing.
 *
 * A socket is read in chunks, and all messages of a chunk are taken: what is more than a client may send at once it waits for afterwards, the longer.
 */
export class Throttle {
  readonly #messages: ThrottleRate;
  readonly #bytes: ThrottleRate;
  readonly #addressMessages: ThrottleRate;
  readonly #isDelaying: boolean;
  readonly #pages: Float64Array[] = [];
  readonly #shares: (AddressShare | undefined)[][] = [];
  readonly #delayed = new SlotSet();
  readonly #queue = new ThrottleQueue((id) => this.#look(id));

  private constructor(
    private readonly options: ThrottleOptions,
    private readonly table: ConnectionTable,
    private readonly addresses: ThrottleAddresses | undefined,
    private readonly counters: ThrottleCounters,
    private readonly onExceeded: (connection: Connection) => void,
  ) {
    const { throttleBurstMs } = options;
    this.#messages = new ThrottleRate(options.maxMessagesPerSecond, throttleBurstMs);
    this.#bytes = new ThrottleRate(options.maxBytesPerSecond, throttleBurstMs);
    this.#addressMessages = new ThrottleRate(options.maxMessagesPerSecondPerAddress, throttleBurstMs);
    this.#isDelaying = options.whenThrottled === 'delay';
  }

  /**
   * Undefined when no rate is limited.
   * @param addresses needed where the rate of an address is limited
   * @param onExceeded this client is to be closed
   */
  static of(
    options: ThrottleOptions,
    table: ConnectionTable,
    addresses: ThrottleAddresses | undefined,
    counters: ThrottleCounters,
    onExceeded: (connection: Connection) => void,
  ): Throttle | undefined {
    const { maxMessagesPerSecond, maxBytesPerSecond, maxMessagesPerSecondPerAddress } = options;
    if (maxMessagesPerSecond + maxBytesPerSecond + maxMessagesPerSecondPerAddress === 0) return undefined;
    const sharing = maxMessagesPerSecondPerAddress === 0 ? undefined : addresses;
    return new Throttle(options, table, sharing, counters, onExceeded);
  }

  /** Clients that are not read now, those that left not long ago included. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  opened(connection: Connection): void {
    const slot = slotOf(connection.id);
    const page = (this.#pages[slot >>> PAGE_BITS] ??= new Float64Array(PAGE_SLOTS * NUMBERS));
    const at = (slot % PAGE_SLOTS) * NUMBERS;
    page[at] = page[at + 1] = 0;
    if (this.addresses === undefined) return;
    const shares = (this.#shares[slot >>> PAGE_BITS] ??= Array.from({ length: PAGE_SLOTS }));
    shares[slot % PAGE_SLOTS] = this.addresses.find(connection.transport.remoteAddress);
  }

  closed({ id }: Connection): void {
    const slot = slotOf(id);
    this.#delayed.delete(slot);
    const shares = this.#shares[slot >>> PAGE_BITS];
    if (shares !== undefined) shares[slot % PAGE_SLOTS] = undefined;
  }

  stop(): void {
    this.#queue.stop();
  }

  /** A client says something. @returns false when it is not to be heard: it is dropped, or the client is closed */
  take(connection: Connection, bytes: number): boolean {
    const slot = slotOf(connection.id);
    if (!this.#isDelaying && this.#waitMs(slot) > 0) return this.#refuse(connection);
    const { nowMs } = this.#queue;
    const page = this.#pages[slot >>> PAGE_BITS]!;
    const at = (slot % PAGE_SLOTS) * NUMBERS;
    page[at] = this.#messages.taken(page[at]!, nowMs, 1);
    page[at + 1] = this.#bytes.taken(page[at + 1]!, nowMs, bytes);
    const share = this.#shareOf(slot);
    if (share !== undefined) share.paidUntilMs = this.#addressMessages.taken(share.paidUntilMs, nowMs, 1);
    if (this.#isDelaying) this.#delayIfAhead(connection, slot);
    return true;
  }

  /** How long until all of its rates let it say something. */
  #waitMs(slot: number): number {
    const { nowMs } = this.#queue;
    const page = this.#pages[slot >>> PAGE_BITS]!;
    const at = (slot % PAGE_SLOTS) * NUMBERS;
    const share = this.#shareOf(slot);
    const ownMs = Math.max(this.#messages.waitMs(page[at]!, nowMs), this.#bytes.waitMs(page[at + 1]!, nowMs));
    return share === undefined
      ? ownMs
      : Math.max(ownMs, this.#addressMessages.waitMs(share.paidUntilMs, nowMs));
  }

  #shareOf(slot: number): AddressShare | undefined {
    return this.addresses === undefined ? undefined : this.#shares[slot >>> PAGE_BITS]![slot % PAGE_SLOTS];
  }

  #refuse(connection: Connection): false {
    if (this.options.whenThrottled === 'drop') {
      this.counters.messagesThrottled++;
    } else {
      this.counters.clientsThrottled++;
      this.onExceeded(connection);
    }
    return false;
  }

  #delayIfAhead(connection: Connection, slot: number): void {
    if (this.#delayed.has(slot)) return;
    const waitMs = this.#waitMs(slot);
    if (waitMs <= 0) return;
    this.counters.clientsThrottled++;
    this.#delayed.add(slot);
    connection.holdReading();
    this.#queue.add(connection.id, waitMs);
  }

  #look(id: number): void {
    const connection = this.table.get(id);
    if (connection === undefined) return;
    const slot = slotOf(id);
    const waitMs = this.#waitMs(slot);
    if (waitMs > 0) return this.#queue.add(id, waitMs);
    this.#delayed.delete(slot);
    connection.releaseReading();
  }
}
