/** OnConnect and OnClose stand before and behind all messages, so that one order holds for the three. */
export const CONNECT = 0;
export const CLOSE = 2 ** 31 - 1;

const MARKED = 1;

/** One handling as it was recorded. */
export interface RecordedHandling {
  /** Of a message; or CONNECT, or CLOSE. */
  readonly sequence: number;
  readonly atMs: number;
  readonly worker: number;
  readonly isMarked: boolean;
}

export interface MembershipChange {
  readonly kind: 'join' | 'leave' | 'bind';
  /** Of the group, or the uid; empty unbinds. */
  readonly name: string;
  readonly atMs: number;
  readonly worker: number;
}

/** How a client's end was announced: it says goodbye, or is gone with what was under way. */
export type ExpectedEnd = 'closes' | 'dies';

/**
 * All that is known of one client. Numbers in plain arrays, because there may be half a million messages: some 40 bytes for each.
 */
export class ClientHistory {
  /** Messages sent: they have the numbers 1 to this. */
  sent = 0;
  isConnected = false;
  expectedEnd: ExpectedEnd | undefined;
  end: { readonly code: number | undefined } | undefined;
  /** Numbers as the answers came. */
  readonly answers: number[] = [];
  readonly memberships: MembershipChange[] = [];
  readonly #sequences: number[] = [];
  readonly #timesMs: number[] = [];
  readonly #tags: number[] = [];

  constructor(readonly name: string) {}

  get handlings(): number {
    return this.#sequences.length;
  }

  addHandling({ sequence, atMs, worker, isMarked }: RecordedHandling): void {
    this.#sequences.push(sequence);
    this.#timesMs.push(atMs);
    this.#tags.push(worker * 2 + (isMarked ? MARKED : 0));
  }

  /** In the order of their times; at the same time, as they were recorded. */
  handlingsInOrder(): RecordedHandling[] {
    return Array.from(this.#sequences, (sequence, at) => {
      const tag = this.#tags[at]!;
      return {
        sequence,
        atMs: this.#timesMs[at]!,
        worker: Math.floor(tag / 2),
        isMarked: tag % 2 === MARKED,
      };
    }).sort((one, other) => one.atMs - other.atMs);
  }
}
