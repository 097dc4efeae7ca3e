/** How many handlers of an event of this kind are waited for, and beside how many others it may run. */
export const KINDS = {
  sync: { waits: 0, concurrency: 1 },
  throws: { waits: 0, concurrency: 2 },
  unknown: { waits: 0, concurrency: Number.POSITIVE_INFINITY },
  noEnvelope: { waits: 0, concurrency: Number.POSITIVE_INFINITY },
  slow: { waits: 1, concurrency: 1 },
  two: { waits: 1, concurrency: 2 },
  three: { waits: 1, concurrency: 3 },
  twice: { waits: 2, concurrency: 1 },
  connect: { waits: 1, concurrency: 1 },
  close: { waits: 0, concurrency: 1 },
} as const;

export type RunKind = keyof typeof KINDS;

/** The event as the model sees it. */
export interface ModelEvent {
  readonly name: string;
  readonly kind: RunKind;
  readonly client: number;
  readonly sequence: number;
  waitsLeft: number;
}

/** What is to be acknowledged, and begun, and when: lanes told by lists. */
export class LanesModel {
  acknowledged: number[] = [];
  readonly begun: string[] = [];
  dropped = 0;
  readonly running: ModelEvent[] = [];
  #waiting: ModelEvent[] = [];

  get waiting(): number {
    return this.#waiting.length;
  }

  came(told: ModelEvent): void {
    this.#waiting.push(told);
    this.#beginWhatCan(told.client);
  }

  /** One handler has ended, or its time is up. */
  ended(told: ModelEvent): void {
    told.waitsLeft--;
    if (told.waitsLeft > 0) return;
    this.running.splice(this.running.indexOf(told), 1);
    this.acknowledged.push(told.sequence);
    this.#beginWhatCan(told.client);
  }

  interrupted(): void {
    this.dropped += this.#waiting.length;
    this.#waiting = [];
    this.running.length = 0;
    this.acknowledged = [];
  }

  #beginWhatCan(client: number): void {
    for (;;) {
      const next = this.#waiting.find((told) => told.client === client);
      if (next === undefined || !this.#hasRoomFor(next)) return;
      this.#waiting.splice(this.#waiting.indexOf(next), 1);
      const { kind, name, sequence } = next;
      if (kind !== 'unknown' && kind !== 'noEnvelope') this.begun.push(name);
      if (next.waitsLeft > 0) this.running.push(next);
      else this.acknowledged.push(sequence);
    }
  }

  #hasRoomFor(next: ModelEvent): boolean {
    const beside = this.running.filter(({ client }) => client === next.client);
    return [next, ...beside].every(
      ({ kind }) => beside.length === 0 || beside.length < KINDS[kind].concurrency,
    );
  }
}
