import { ByteReader, gatewayAddressOf, parseClientId, readReply, type NodeAddress } from '#protocol';
import { addressKey } from './address-key.js';
import type { QuestionDefinition, RequestDefinition } from './definition.js';
import { GatewayUnavailableError, PartialResultError, type GatewayFailure } from './errors.js';
import type { GatewayPool } from './gateway-pool.js';
import { checkKind, type GatewayTarget } from './raw-command.js';

/** What one of several gateways answered. */
export interface GatewayAnswer<Answer> {
  readonly gateway: NodeAddress;
  readonly answer: Answer;
}

/** Commands and questions by their definitions, to gateways of the caller's choice. */
export class RawCalls {
  readonly #pool: GatewayPool;

  constructor(pool: GatewayPool) {
    this.#pool = pool;
  }

  send<Request>(target: GatewayTarget, definition: RequestDefinition<Request>, request: Request): void {
    checkKind(definition, false);
    this.#pool.command(this.#keyOf(target), definition, request);
  }

  async ask<Request, Answer>(
    target: GatewayTarget,
    definition: QuestionDefinition<Request, Answer>,
    request: Request,
  ): Promise<Answer> {
    checkKind(definition, true);
    return this.#pool.ask(
      this.#keyOf(target),
      withOwnMemory(definition),
      request,
      (answer) => answer,
      () => {
        throw new GatewayUnavailableError(this.#addressOf(target), 'is not known here: no register lists it');
      },
    );
  }

  async askEach<Request, Answer>(
    targets: readonly GatewayTarget[],
    definition: QuestionDefinition<Request, Answer>,
    request: Request,
  ): Promise<GatewayAnswer<Answer>[]> {
    checkKind(definition, true);
    const gateways = targets.map((target) => this.#addressOf(target));
    const outcomes = await Promise.allSettled(targets.map((target) => this.ask(target, definition, request)));
    const answers: GatewayAnswer<Answer>[] = [];
    const failures: GatewayFailure[] = [];
    for (const [index, outcome] of outcomes.entries()) {
      const gateway = gateways[index]!;
      if (outcome.status === 'fulfilled') answers.push({ gateway, answer: outcome.value });
      else failures.push({ gateway, cause: errorOf(outcome.reason) });
    }
    if (failures.length > 0) throw new PartialResultError(answers, failures);
    return answers;
  }

  /** @throws InvalidArgumentError for what is neither an address nor a client id */
  #keyOf(target: GatewayTarget): string {
    return typeof target === 'string'
      ? parseClientId(target).gateway
      : addressKey(target, this.#pool.protocol);
  }

  /** Of a gateway that is not known, what its clients' ids say: over the base protocol that is its address. */
  #addressOf(target: GatewayTarget): NodeAddress {
    if (typeof target !== 'string') return target;
    const { gateway } = parseClientId(target);
    return this.#pool.node(gateway)?.address ?? gatewayAddressOf(gateway);
  }
}

/** The application's codec may return views into what it reads, and the application keeps them. */
function withOwnMemory<Request, Answer>(
  definition: QuestionDefinition<Request, Answer>,
): QuestionDefinition<Request, Answer> {
  const { code, request, reply } = definition;
  return {
    code,
    request,
    reply: {
      write: (writer, answer) => reply.write(writer, answer),
      read: (reader) => readReply(ByteReader.of(Buffer.from(reader.rest())), definition),
    },
  };
}

function errorOf(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
