import type { Link } from '#link';
import { ByteReader } from '#protocol';

/** Does the next step. @returns whether there is more to do */
export type Step = () => boolean;

interface Work {
  readonly link: Link;
  step: Step | undefined;
  /** What had been read already when the work began. */
  readonly waiting: Buffer[];
  /** The link is read on meanwhile. */
  readonly isBeside: boolean;
}

/**
 * Commands that take many turns of the event loop: in each turn the next step of one of them is done, of all in turn. Meanwhile
 * their links are not read, so that nothing overtakes them which the same caller sent later, and no other link has to wait.
 * A command whose link ends meanwhile is finished all the same, as are those that had been read before the end, unless they are dropped.
 */
export class LinkWork {
  readonly #byLink = new Map<Link, Work>();
  /** How many of each link are done while it is read on. */
  readonly #beside = new Map<Link, number>();
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
      work = { link, step, waiting: [], isBeside: false };
      this.#byLink.set(link, work);
      this.#schedule(work);
    } else work.step = step;
  }

  /** What waits is not done any more; what has begun is. */
  drop(link: Link): void {
    const work = this.#byLink.get(link);
    if (work !== undefined) work.waiting.length = 0;
  }

  /** The same for what nothing has to wait for: the link is read on, unless it has as many such works as it may have. */
  beginBeside(link: Link, step: Step, most: number): void {
    const count = this.#beside.get(link) ?? 0;
    if (count >= most) return this.begin(link, step);
    this.#beside.set(link, count + 1);
    this.#schedule({ link, step, waiting: [], isBeside: true });
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
    if (this.#turns.length > 0) setImmediate(this.#turn);
    if (work.step === undefined) this.#done(work);
  };

  #done({ link, isBeside }: Work): void {
    if (!isBeside) {
      this.#byLink.delete(link);
      return this.onDone(link);
    }
    const left = this.#beside.get(link)! - 1;
    if (left > 0) this.#beside.set(link, left);
    else this.#beside.delete(link);
  }

  /** Runs what waits, until one of it takes many turns again. */
  #goOn(work: Work): void {
    work.step = undefined;
    for (let payload; work.step === undefined && (payload = work.waiting.shift()) !== undefined;) {
      this.execute(ByteReader.of(payload), work.link);
    }
  }
}
