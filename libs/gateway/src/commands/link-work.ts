import type { Link } from '#link';
import { ByteReader } from '#protocol';

/** Does the next step. @returns whether there is more to do */
export type Step = () => boolean;

interface Work {
  readonly link: Link;
  step: Step | undefined;
  /** What had been read already when the work began. */
  readonly waiting: Buffer[];
}

/**
 * Commands that take many turns of the event loop: in each turn the next step of one of them is done, of all in turn. Meanwhile
 * their links are not read, so that nothing overtakes them which the same caller sent later, and no other link has to wait.
 * A command whose link ends meanwhile is finished all the same, as are those that had been read before the end.
 */
export class LinkWork {
  readonly #byLink = new Map<Link, Work>();
  readonly #turns: Work[] = [];

  /**
   * @param execute runs a command that had to wait; what it throws ends the link
   * @param onDone nothing more has to be done before the link is read again
   */
  constructor(
    private readonly execute: (payload: ByteReader, link: Link) => void,
    private readonly onDone: (link: Link) => void,
  ) {}

  /** What comes on the link now has to wait. */
  isBusy(link: Link): boolean {
    return this.#byLink.size > 0 && this.#byLink.has(link);
  }

  /** @param payload is copied: it is a view that is valid during the call only */
  defer(payload: ByteReader, link: Link): void {
    this.#byLink.get(link)!.waiting.push(Buffer.from(payload.rest()));
  }

  begin(link: Link, step: Step): void {
    let work = this.#byLink.get(link);
    if (work === undefined) {
      link.pause();
      work = { link, step, waiting: [] };
      this.#byLink.set(link, work);
      this.#schedule(work);
    } else work.step = step;
  }

  #schedule(work: Work): void {
    this.#turns.push(work);
    if (this.#turns.length === 1) setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const work = this.#turns[0]!;
    try {
      if (work.step?.() !== true) this.#goOn(work);
    } catch (error) {
      work.step = undefined;
      work.waiting.length = 0;
      work.link.destroy(error instanceof Error ? error : new Error(String(error)));
    }
    this.#turns.shift();
    if (work.step !== undefined) this.#turns.push(work);
    else this.#byLink.delete(work.link);
    if (this.#turns.length > 0) setImmediate(this.#turn);
    if (work.step === undefined) this.onDone(work.link);
  };

  /** Runs what waits, until one of it takes many turns again. */
  #goOn(work: Work): void {
    work.step = undefined;
    for (let payload; work.step === undefined && (payload = work.waiting.shift()) !== undefined;) {
      this.execute(ByteReader.of(payload), work.link);
    }
  }
}
