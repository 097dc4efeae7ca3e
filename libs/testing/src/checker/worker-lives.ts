/**
 * When workers were lost, and came back. What a lost worker still handles is *late*: nothing of it takes effect, so the rules do not
 * look at it.
 */
export class WorkerLives {
  readonly #names: string[] = [];
  readonly #indexes = new Map<string, number>();
  /** Of each worker by its index: lost, back, lost, … in turn. */
  readonly #turns: number[][] = [];
  #firstLossMs = Number.POSITIVE_INFINITY;

  /** A small number that stands for the worker. */
  indexOf(worker: string): number {
    const known = this.#indexes.get(worker);
    if (known !== undefined) return known;
    const index = this.#names.push(worker) - 1;
    this.#indexes.set(worker, index);
    this.#turns.push([]);
    return index;
  }

  lost(worker: string, atMs: number): void {
    this.#turn(worker, atMs, false);
    this.broken(atMs);
  }

  back(worker: string, atMs: number): void {
    this.#turn(worker, atMs, true);
  }

  /** What was under way may have been lost with its worker or its link, and be delivered again. */
  broken(atMs: number): void {
    this.#firstLossMs = Math.min(this.#firstLossMs, atMs);
  }

  /** Something may have been lost before this time. */
  hadLossBefore(atMs: number): boolean {
    return this.#firstLossMs <= atMs;
  }

  /** Which of its lives the worker was in: 0, 2, 4 …; an odd number between two. */
  lifeAt(index: number, atMs: number): number {
    const turns = this.#turns[index]!;
    return turns.filter((turnMs) => turnMs <= atMs).length;
  }

  isLate(index: number, atMs: number): boolean {
    return this.lifeAt(index, atMs) % 2 === 1;
  }

  #turn(worker: string, atMs: number, isBack: boolean): void {
    const turns = this.#turns[this.indexOf(worker)]!;
    // Told twice is told once.
    if ((turns.length % 2 === 1) === isBack) turns.push(atMs);
  }
}
