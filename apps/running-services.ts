import type { DynamicModule, INestMicroservice, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions, CustomTransportStrategy } from '@nestjs/microservices';
import { Supervisor, type ProcessGroupOptions } from '#supervisor';
import type { Environment } from './environment.js';
import { ServiceLogger } from './service-logger.js';

/** One of the services that a process runs: a Nest microservice on a strategy of ours, or an application without one. */
export interface Service {
  readonly module: DynamicModule | Type;
  readonly strategy?: Type<CustomTransportStrategy>;
  /** It runs. */
  readonly started?: (app: INestMicroservice) => void;
  /** What a supervisor is told of it then. */
  readonly facts?: (app: INestMicroservice) => Readonly<Record<string, unknown>>;
}

/** Services that run as processes of their own, which this process supervises. */
export interface Processes {
  readonly groups: readonly Partial<ProcessGroupOptions>[];
}

/** A service that can be described only when those before it have started. */
export type LateService = () => Service;

type Part = Service | LateService | Processes;

/** What a process runs, in the order in which it starts. */
export interface Services {
  readonly start: readonly Part[];
  /** The order in which they end; by default the reverse of `start`. */
  readonly stop?: readonly Part[];
}

/** The services of this process, from their start to their end. */
export class RunningServices {
  /** What was told of those that have started. */
  readonly facts: Record<string, unknown> = {};
  readonly #running = new Map<Part, { close(): Promise<void> }>();
  #supervisor: Supervisor | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    private readonly services: Services,
    private readonly environment: Environment,
    private readonly logger: ServiceLogger,
  ) {}

  get hasProcesses(): boolean {
    return this.services.start.some((part) => 'groups' in part);
  }

  async start(): Promise<void> {
    for (const part of this.services.start) {
      if (this.#closing !== undefined) return;
      await ('groups' in part ? this.#startProcesses(part) : this.#startService(part));
    }
  }

  /** Ends what runs, one after the other. May be called any number of times. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  /** Ends the processes that were forked, and nothing else. */
  async closeProcesses(): Promise<void> {
    await this.#supervisor?.close();
  }

  reload(): void {
    this.#supervisor?.reload().catch(() => undefined); // the supervisor has said so
  }

  async #startProcesses(part: Processes): Promise<void> {
    const log = new ServiceLogger(this.environment, 'Supervisor');
    this.#supervisor = new Supervisor(part, log);
    this.#running.set(part, this.#supervisor);
    await this.#supervisor.start();
  }

  async #startService(part: Service | LateService): Promise<void> {
    const service = typeof part === 'function' ? part() : part;
    const { module, strategy } = service;
    // Nest would otherwise end the process itself, with a stack trace instead of the remedy.
    const options = { logger: this.logger, abortOnError: false };
    if (strategy === undefined) {
      this.#running.set(part, await NestFactory.createApplicationContext(module, options));
      return;
    }
    const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(module, {
      inject: [strategy],
      useFactory: (instance: CustomTransportStrategy) => ({ strategy: instance }),
      ...options,
    });
    this.#running.set(part, app);
    try {
      await app.listen();
    } catch (error) {
      // Told to stop while it started: it was closed half way, and nobody waits for it.
      if (this.#closing === undefined) throw error;
      return;
    }
    service.started?.(app);
    Object.assign(this.facts, service.facts?.(app));
  }

  async #close(): Promise<void> {
    const order = this.services.stop ?? this.services.start.toReversed();
    for (const part of order) await this.#running.get(part)?.close();
  }
}
