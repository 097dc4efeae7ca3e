import type { Command, Question } from '#protocol';
import type { RequestDefinition } from './definition.js';
import type { GatewayPool } from './gateway-pool.js';
import { RawCalls, type GatewayAnswer } from './raw-calls.js';
import { rawCommand, type GatewayTarget, type RequestArguments } from './raw-command.js';

/** The calls that say which gateway: for the application's own commands, and for what the other calls do not do. */
export class RawApi {
  readonly #raw: RawCalls;

  constructor(pool: GatewayPool) {
    this.#raw = new RawCalls(pool);
  }

  /**
   * A command by its definition (the application's own from `defineCommand`, or one of `COMMANDS`), or as the raw payload with
   * its code byte. Only to gateways that are known: others are never dialled, and the command is dropped and counted.
   */
  sendToAddress(target: GatewayTarget, payload: Uint8Array): void;
  sendToAddress<Request, Received extends Request>(
    target: GatewayTarget,
    command: Command<Request, Received>,
    ...request: RequestArguments<Request>
  ): void;
  sendToAddress(
    target: GatewayTarget,
    command: Uint8Array | RequestDefinition<unknown>,
    request?: unknown,
  ): void {
    if (!(command instanceof Uint8Array)) return this.#raw.send(target, command, request);
    const { definition, body } = rawCommand(command);
    this.#raw.send(target, { code: definition.code, request: definition.request }, body);
  }

  /**
   * A question by its definition, or as the raw payload with its code byte; a raw reply is bytes. One that the gateway cannot
   * answer (an unknown code, an executor that throws) rejects with a QuestionFailedError. Over the base protocol the gateway then
   * closes the link, because silence would shift every later reply: that question and all others that are pending on the link
   * reject with a GatewayLostError.
   */
  sendToAddressAndRecv(target: GatewayTarget, payload: Uint8Array): Promise<Buffer>;
  sendToAddressAndRecv<Request, Reply, Received extends Request, Answer extends Reply>(
    target: GatewayTarget,
    question: Question<Request, Reply, Received, Answer>,
    ...request: RequestArguments<Request>
  ): Promise<Answer>;
  async sendToAddressAndRecv(
    target: GatewayTarget,
    question: Uint8Array | Question<unknown, unknown>,
    request?: unknown,
  ): Promise<unknown> {
    if (!(question instanceof Uint8Array)) return this.#raw.ask(target, question, request);
    const { definition, body } = rawCommand(question);
    return this.#raw.ask(target, definition, body);
  }

  /** The same question to several gateways at once, say `api.gateways`. Answers come in the order of the targets. */
  sendToAddressListAndRecv(
    targets: readonly GatewayTarget[],
    payload: Uint8Array,
  ): Promise<GatewayAnswer<Buffer>[]>;
  sendToAddressListAndRecv<Request, Reply, Received extends Request, Answer extends Reply>(
    targets: readonly GatewayTarget[],
    question: Question<Request, Reply, Received, Answer>,
    ...request: RequestArguments<Request>
  ): Promise<GatewayAnswer<Answer>[]>;
  async sendToAddressListAndRecv(
    targets: readonly GatewayTarget[],
    question: Uint8Array | Question<unknown, unknown>,
    request?: unknown,
  ): Promise<GatewayAnswer<unknown>[]> {
    if (!(question instanceof Uint8Array)) return this.#raw.askEach(targets, question, request);
    const { definition, body } = rawCommand(question);
    return this.#raw.askEach(targets, definition, body);
  }
}
