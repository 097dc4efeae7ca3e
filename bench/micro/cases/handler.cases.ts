import 'reflect-metadata';
import 'class-transformer';
import { UseGuards, UsePipes, type CanActivate, type PipeTransform } from '@nestjs/common';
import {
  DiscoveryModule,
  DiscoveryService,
  ExternalContextCreator,
  MetadataScanner,
  ModuleRef,
  NestFactory,
} from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import type { EventPort, EventSink, EventSource } from '#api';
import { gatewayKey, jsonSessionCodec } from '#protocol';
import {
  Client,
  ClientHandlers,
  DEFAULT_WORKER_OPTIONS,
  HandlerExplorer,
  OnMessage,
  Payload,
  SyncValidationPipe,
  WorkerStrategy,
  type ClientContext,
  type ReplyPort,
} from '#worker';
import { SayDto } from '../../worker/say.js';
import type { MicroCase, Prepared } from '../micro-case.js';

const KEY = gatewayKey({ host: '127.0.0.1', port: 9108 });
const NO_SESSION = Buffer.alloc(0);
const CLIENTS = 64;
const PASS = 500;
/** What Nest's own ValidationPipe does takes promises; it is measured under load instead. */
const SYNCHRONOUS = 'is to answer before the event has been handed over';

const agreeing: CanActivate = { canActivate: () => true };
const passing: PipeTransform = { transform: (value: unknown) => value };

@ClientHandlers()
class EventHandlers {
  @OnMessage('direct')
  direct(@Payload() text: string): string {
    return text;
  }

  @OnMessage('client')
  client(@Payload() text: string, @Client() client: ClientContext): string {
    return client.kind + text;
  }

  @OnMessage('guarded')
  @UseGuards(agreeing)
  guarded(@Payload() text: string): string {
    return text;
  }

  @OnMessage('piped')
  @UseGuards(agreeing)
  @UsePipes(passing)
  piped(@Payload() text: string): string {
    return text;
  }

  @OnMessage('checked')
  @UsePipes(new SyncValidationPipe())
  checked(@Payload() { text }: SayDto): string {
    return text;
  }
}

/** A gateway without a socket: events go in, answers and acknowledgements are counted. */
class SilentGateway implements EventPort, EventSource, ReplyPort {
  readonly isWindowed = true;
  readonly gateway = KEY;
  readonly appliedWrites = 0;
  answeredBytes = 0;
  acknowledged = 0;
  #sink: EventSink | undefined;

  subscribe(sink: EventSink): void {
    this.#sink = sink;
  }

  pause(): void {
    throw new Error('The worker does not keep up');
  }

  resume(): void {
    // Said once more when it unsubscribes.
  }

  unsubscribe(): void {
    this.#sink = undefined;
  }

  async eventsEnded(): Promise<void> {
    // Nothing is ever under way.
  }

  acknowledge(): void {
    this.acknowledged++;
  }

  sendToClient(_clientId: string, message: string): void {
    this.answeredBytes += message.length;
  }

  closeClient(clientId: string): void {
    throw new Error(`${clientId} is to be closed`);
  }

  async flush(): Promise<void> {
    // Answers are counted at once.
  }

  text(connectionId: number, text: string): void {
    const sink = this.#sink!;
    if (sink.textMessage === undefined) throw new Error('The worker takes no texts without an event object');
    sink.textMessage(this, connectionId, NO_SESSION, text, connectionId);
  }
}

/** A whole worker in a Nest application: explored, compiled and dispatched as in production. */
async function startWorker(
  handlers: new () => object,
): Promise<{ readonly gateway: SilentGateway; readonly close: () => Promise<void> }> {
  const gateway = new SilentGateway();
  const explorer = {
    provide: HandlerExplorer,
    inject: [DiscoveryService, MetadataScanner, ExternalContextCreator, ModuleRef],
    useFactory: (
      discovery: DiscoveryService,
      scanner: MetadataScanner,
      external: ExternalContextCreator,
      moduleRef: ModuleRef,
    ) => new HandlerExplorer(discovery, scanner, external, moduleRef),
  };
  const strategy = {
    provide: WorkerStrategy,
    inject: [HandlerExplorer],
    useFactory: (made: HandlerExplorer) =>
      new WorkerStrategy({
        explorer: made,
        events: gateway,
        replies: gateway,
        codec: jsonSessionCodec,
        options: DEFAULT_WORKER_OPTIONS,
      }),
  };
  const root = {
    module: class BenchModule {},
    imports: [DiscoveryModule],
    providers: [explorer, strategy, handlers],
  };
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(root, {
    inject: [WorkerStrategy],
    useFactory: (made: WorkerStrategy) => ({ strategy: made }),
    logger: ['error', 'fatal'],
  });
  await app.listen();
  return { gateway, close: async () => app.close() };
}

function handled(name: string, event: string, data: unknown, answer: string): MicroCase {
  return {
    group: 'worker, a message and its answer',
    name,
    operations: PASS,
    async prepare(): Promise<Prepared> {
      const { gateway, close } = await startWorker(EventHandlers);
      const text = JSON.stringify({ event, id: 1, data });
      return {
        expected: PASS * JSON.stringify({ id: 1, data: answer }).length,
        run() {
          gateway.answeredBytes = 0;
          gateway.acknowledged = 0;
          for (let i = 0; i < PASS; i++) gateway.text(1 + (i % CLIENTS), text);
          if (gateway.acknowledged !== PASS) throw new Error(`${name} ${SYNCHRONOUS}`);
          return gateway.answeredBytes;
        },
        dispose: close,
      };
    },
  };
}

const TEXT = 'hello to everyone in here';
const SAY = { room: 'lobby', text: TEXT };

export const HANDLER_CASES: readonly MicroCase[] = [
  handled('direct', 'direct', TEXT, TEXT),
  handled('with the client', 'client', TEXT, `ws${TEXT}`),
  handled('a guard', 'guarded', TEXT, TEXT),
  handled('a guard and a pipe', 'piped', TEXT, TEXT),
  handled('a DTO, SyncValidationPipe', 'checked', SAY, TEXT),
];
