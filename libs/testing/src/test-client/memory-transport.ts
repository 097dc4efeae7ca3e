import { isUtf8 } from 'node:buffer';
import type { OutgoingMessage, Transport } from '#gateway';
import type { ClientKind } from '#protocol';

/** How a connection ended. Raw TCP has no codes. */
export interface ClientEnd {
  readonly code: number | undefined;
  readonly reason: string;
}

export interface MemoryAddress {
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** What a real socket would answer when the gateway goes without a goodbye. */
const ABNORMAL = 1006;

/** Carries messages to a client in memory, as a listener with `send=auto` does: text where it is valid UTF-8. */
export class MemoryTransport implements Transport {
  readonly localPort = 8000;
  readonly queuedBytes = 0;
  receivedBytes = 0;
  isPaused = false;
  readonly remoteAddress: string;
  readonly remotePort: number;
  #end: ClientEnd | undefined;

  /**
   * @param onMessage the client gets a message
   * @param onEnd the gateway has ended it: once, and not for an end that the client told it of
   */
  constructor(
    readonly kind: ClientKind,
    { remoteAddress, remotePort }: MemoryAddress,
    private readonly onMessage: (message: string | Buffer) => void,
    private readonly onEnd: (end: ClientEnd) => void,
  ) {
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
  }

  get end(): ClientEnd | undefined {
    return this.#end;
  }

  send({ payload }: OutgoingMessage): void {
    if (this.#end !== undefined) return;
    // Of its own: the payload may be a view.
    this.onMessage(isUtf8(payload) ? payload.toString('utf8') : Buffer.from(payload));
  }

  close(code: number, reason: string): void {
    this.#finish({ code, reason });
  }

  destroy(): void {
    this.#finish({ code: ABNORMAL, reason: '' });
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  /** The client itself has ended it. */
  ended(end: ClientEnd): void {
    this.#end ??= this.#kindOf(end);
  }

  #finish(end: ClientEnd): void {
    if (this.#end !== undefined) return;
    this.#end = this.#kindOf(end);
    this.onEnd(this.#end);
  }

  #kindOf({ code, reason }: ClientEnd): ClientEnd {
    return this.kind === 'ws' ? { code, reason } : { code: undefined, reason: '' };
  }
}
