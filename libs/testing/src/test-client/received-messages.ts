import { NoMessageError } from './errors.js';

export interface NextOptions {
  /** How long to wait, in milliseconds; 0 does not wait. @default 1_000 */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 1_000;

interface Received {
  readonly raw: string | Buffer;
  readonly message: unknown;
  isTaken: boolean;
}

/** What a client has received, in order, and who waits for more. */
export class ReceivedMessages {
  readonly #all: Received[] = [];
  #wanted: (() => void)[] = [];
  #isOver = false;

  get raw(): readonly (string | Buffer)[] {
    return this.#all.map(({ raw }) => raw);
  }

  get messages(): readonly unknown[] {
    return this.#all.map(({ message }) => message);
  }

  add(raw: string | Buffer): void {
    this.#all.push({ raw, message: readable(raw), isTaken: false });
    this.#wake();
  }

  /** Nothing more comes. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** The first that nobody has taken yet and that is wanted. */
  take(isWanted: (message: unknown) => boolean): { readonly message: unknown } | undefined {
    const found = this.#all.find(({ message, isTaken }) => !isTaken && isWanted(message));
    if (found !== undefined) found.isTaken = true;
    return found;
  }

  /** The first that nobody has taken yet, or the next that comes. @throws NoMessageError */
  async next({ timeoutMs = DEFAULT_TIMEOUT_MS }: NextOptions): Promise<unknown> {
    let hasExpired = timeoutMs === 0;
    const expire = (): void => {
      hasExpired = true;
      this.#wake();
    };
    const timer = hasExpired ? undefined : setTimeout(expire, timeoutMs);
    try {
      for (;;) {
        const found = this.take(() => true);
        if (found !== undefined) return found.message;
        if (hasExpired || this.#isOver) throw new NoMessageError(timeoutMs, this.#all.length, this.#isOver);
        await new Promise<void>((resolve) => this.#wanted.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #wake(): void {
    for (const wake of this.#wanted.splice(0)) wake();
  }
}

/** What a client makes of a message: JSON is read, other text is text. */
function readable(message: string | Buffer): unknown {
  if (typeof message !== 'string') return message;
  try {
    return JSON.parse(message) as unknown;
  } catch {
    return message;
  }
}
