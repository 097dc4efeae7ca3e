import { Dialer, type BackoffOptions, type Link, type LinkOptions } from '#link';
import { writeRequest, type ByteReader, type NodeAddress } from '#protocol';
import type { RequestDefinition } from '../definition.js';
import { GatewayLostError, GatewayUnavailableError, OverdueReplyError } from '../errors.js';
import type { PendingQuestion } from '../pending-question.js';
import { TakenBytes } from '../taken-bytes.js';
import { QuestionQueue } from './question-queue.js';

/** What the owner of a command link is told. */
export interface CommandLinkObserver {
  connected(): void;
  /** A reply came after its caller had given up. It was dropped. */
  lateReply(): void;
  /**
   * The link ended, or could not be made. Its questions have failed already.
   * @param lostCommands commands that waited for a connection that did not come
   */
  closed(reason: Error | undefined, wasUp: boolean, lostCommands: number): void;
  congested(): void;
  drained(): void;
}

export interface CommandLinkOptions {
  readonly link: LinkOptions;
  readonly backoff: Partial<BackoffOptions>;
  /** A reply later than its deadline by so much makes the link be dialled anew. */
  readonly overdueReplyMs: number;
}

/**
 * The one link to a gateway on which all commands and questions of this process go, in the order in which they were called.
 * What is written while it connects waits in its output; between two attempts it takes nothing.
 */
export class CommandLink {
  readonly #gateway: NodeAddress;
  readonly #options: CommandLinkOptions;
  readonly #observer: CommandLinkObserver;
  readonly #dialer: Dialer;
  readonly #questions: QuestionQueue;
  #isUp = false;
  #unsentCommands = 0;
  #taken: TakenBytes | undefined;
  #onClosed: (() => void) | undefined;

  constructor(gateway: NodeAddress, options: CommandLinkOptions, observer: CommandLinkObserver) {
    this.#gateway = gateway;
    this.#options = options;
    this.#observer = observer;
    this.#questions = new QuestionQueue(() => observer.lateReply());
    this.#dialer = new Dialer(
      gateway,
      options.link,
      {
        connected: (link) => this.#onConnected(link),
        frame: (payload: ByteReader) => this.#questions.answer(payload),
        congested: () => observer.congested(),
        drained: () => observer.drained(),
        closed: (_link, reason) => this.#onLinkClosed(reason),
      },
      options.backoff,
    );
  }

  /** There is a connection, whatever its state. */
  get isUp(): boolean {
    return this.#isUp;
  }

  get queuedBytes(): number {
    return this.#dialer.link?.queuedBytes ?? 0;
  }

  start(): void {
    this.#dialer.start();
  }

  /**
   * Writes a command.
   * @returns false when there is no link that could take it
   * @throws InvalidArgumentError for arguments that cannot be written
   */
  write<Request>(definition: RequestDefinition<Request>, request: Request): boolean {
    const link = this.#writableLink();
    if (link === undefined || !writeFrame(link, definition, request)) return false;
    if (!this.#isUp) this.#unsentCommands++;
    return true;
  }

  /** Asks. A question that cannot be asked, or not with such arguments, fails at once. */
  ask<Request>(
    question: PendingQuestion<unknown>,
    definition: RequestDefinition<Request>,
    request: Request,
  ): void {
    const link = this.#writableLink();
    try {
      if (link === undefined || !writeFrame(link, definition, request)) {
        return question.fail(new GatewayUnavailableError(this.#gateway, 'is not reachable at present'));
      }
    } catch (error) {
      return question.fail(error instanceof Error ? error : new Error(String(error)));
    }
    this.#questions.add(question);
    const { overdueReplyMs } = this.#options;
    question.sent({ overdue: () => link.destroy(new OverdueReplyError(this.#gateway, overdueReplyMs)) });
  }

  /** Resolves when the system has taken all that was written, or the link that had it is gone. */
  async flushed(): Promise<void> {
    const { link } = this.#dialer;
    if (link === undefined) return;
    if (this.#taken?.link !== link) this.#taken = new TakenBytes(link);
    await this.#taken.all();
  }

  /** Sends what is queued, dials no more, and resolves when the link is gone. Questions that are still open fail with `reason`. */
  async stop(reason: Error): Promise<void> {
    this.#questions.failAll(reason);
    const closed =
      this.#dialer.link === undefined
        ? Promise.resolve()
        : new Promise<void>((resolve) => (this.#onClosed = resolve));
    this.#dialer.stop();
    await closed;
  }

  #writableLink(): Link | undefined {
    const { link } = this.#dialer;
    switch (link?.state) {
      case 'handshaking':
      case 'open':
        return link;
      case 'connecting': {
        // Nothing is sent yet, so nobody else watches how much waits.
        const limit = this.#options.link.maxQueuedBytes;
        return limit === 0 || link.queuedBytes < limit ? link : undefined;
      }
      default:
        return undefined;
    }
  }

  #onConnected(link: Link): void {
    this.#isUp = true;
    this.#unsentCommands = 0;
    link.accept();
    this.#observer.connected();
  }

  #onLinkClosed(cause: Error | undefined): void {
    const wasUp = this.#isUp;
    const error = wasUp
      ? new GatewayLostError(this.#gateway, { cause })
      : new GatewayUnavailableError(this.#gateway, 'could not be connected', { cause });
    const lost = this.#unsentCommands;
    this.#isUp = false;
    this.#unsentCommands = 0;
    this.#questions.failAll(error);
    this.#observer.closed(cause, wasUp, lost);
    this.#onClosed?.();
  }
}

function writeFrame<Request>(link: Link, definition: RequestDefinition<Request>, request: Request): boolean {
  const writer = link.beginFrame();
  try {
    writeRequest(writer, definition, request);
  } catch (error) {
    link.abortFrame();
    throw error;
  }
  return link.endFrame();
}
