import { textFrame } from './client-frames.js';

/** One step of what a connection does before it counts as open. */
export type GreetingStep =
  | { readonly do: 'send'; readonly text: string }
  /** Wait for a message that begins with this. */
  | { readonly do: 'await'; readonly text: string };

type Prepared =
  { readonly do: 'send'; readonly frame: Buffer } | { readonly do: 'await'; readonly start: Buffer };

/** The steps in the order in which they were given, prepared once for all connections. */
export class Greeting {
  readonly #steps: readonly Prepared[];

  constructor(steps: readonly GreetingStep[]) {
    this.#steps = steps.map((step) =>
      step.do === 'send'
        ? { do: 'send', frame: textFrame(step.text) }
        : { do: 'await', start: Buffer.from(step.text) },
    );
  }

  /**
   * Sends what is to be sent from step `at` on.
   * @returns the step that waits for a message; -1 when all is done
   */
  proceed(at: number, send: (frame: Buffer) => void): number {
    for (let i = at; i < this.#steps.length; i++) {
      const step = this.#steps[i]!;
      if (step.do === 'await') return i;
      send(step.frame);
    }
    return -1;
  }

  isAwaited(at: number, message: Buffer): boolean {
    const step = this.#steps[at];
    return step?.do === 'await' && message.subarray(0, step.start.length).equals(step.start);
  }
}
