import type { Link } from '#link';

/** A gateway that is owed word of events that are done with. */
export interface Owed {
  readonly link: Link;
  writeAcknowledgement(): void;
}

/**
 * The end of a turn of the event loop, at which gateways are told what is done with: after all that was called meanwhile is on its
 * way to every gateway, so that an event is never done with while a command of its handler is not.
 */
export class AcknowledgementTurn {
  readonly #owed: Owed[] = [];
  readonly #links: () => Iterable<Link>;
  #isScheduled = false;

  /** @param links those of all gateways */
  constructor(links: () => Iterable<Link>) {
    this.#links = links;
  }

  /**
   * Something may be owed at the end of this turn. To be called before commands are written: then this turn's end comes before
   * they are sent, and commands and acknowledgement to one gateway leave together.
   */
  expect(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#end);
  }

  /** Once a turn for each gateway. */
  owe(gateway: Owed): void {
    this.#owed.push(gateway);
    this.expect();
  }

  /** Now instead of at the end of the turn. */
  settle(): void {
    const owed = this.#owed;
    if (owed.length === 0) return;
    // What goes to the only one that is owed keeps its order by itself, in one write.
    const only = owed.length === 1 ? owed[0]?.link : undefined;
    for (const link of this.#links()) if (link !== only) link.flush();
    for (const gateway of owed) gateway.writeAcknowledgement();
    owed.length = 0;
  }

  readonly #end = (): void => {
    this.#isScheduled = false;
    this.settle();
  };
}
