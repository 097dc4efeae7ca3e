import { NO_SEQUENCE, type EventSource } from '#api';
import { FIRST_SEQUENCE, nextSequence } from '#protocol';

/** A link on which events come. Like a gateway it takes no acknowledgement of what was not sent, or twice. */
export class LoopbackSource implements EventSource {
  appliedWrites = 0;
  isOver = false;
  /** Sequences in the order in which they were acknowledged. */
  readonly acknowledged: number[] = [];
  readonly #outstanding = new Set<number>();
  #sequence = FIRST_SEQUENCE - 1;
  #writes = 0;

  constructor(
    readonly gateway: string,
    private readonly noticed: () => void = () => undefined,
  ) {}

  /** Sent and not acknowledged. */
  get outstanding(): number[] {
    return [...this.#outstanding];
  }

  nextSequence(): number {
    this.#sequence = nextSequence(this.#sequence);
    this.#outstanding.add(this.#sequence);
    return this.#sequence;
  }

  nextWrite(): number {
    this.#writes = nextSequence(this.#writes);
    return this.#writes;
  }

  acknowledge(sequence: number): void {
    if (sequence === NO_SEQUENCE) throw new Error('Nothing can be acknowledged over the base protocol');
    if (this.isOver) throw new Error(`Event ${sequence} was acknowledged on a link that is over`);
    if (!this.#outstanding.delete(sequence)) {
      throw new Error(`Event ${sequence} was acknowledged, which is not outstanding`);
    }
    this.acknowledged.push(sequence);
    this.noticed();
  }
}
