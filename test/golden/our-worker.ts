import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { WorkerModule, WorkerStrategy } from '#worker';
import { RECORDED_SECRET } from './our-services.js';
import { RecordedWorkerHandlers, type SeenEvent } from './recorded-worker.handlers.js';

/** A Nest application with our worker in the place of the original's, started and stopped as the recording says. */
export class OurWorker {
  /** What its handlers saw, over all its lives. */
  readonly seen: SeenEvent[] = [];
  #app: INestMicroservice | undefined;
  #stopping: Promise<void> = Promise.resolve();

  constructor(private readonly registerPort: number) {}

  async start(): Promise<void> {
    await this.#stopping;
    class RecordedWorkerModule {}
    const worker = WorkerModule.forRoot({
      registers: [`127.0.0.1:${this.registerPort}`],
      secret: RECORDED_SECRET,
      serialization: 'php',
    });
    this.#app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(
      { module: RecordedWorkerModule, imports: [worker], providers: [RecordedWorkerHandlers] },
      {
        inject: [WorkerStrategy],
        useFactory: (strategy: WorkerStrategy) => ({ strategy }),
        logger: false,
        abortOnError: false,
      },
    );
    await this.#app.listen();
  }

  /** Does not wait: its links end one after the other, as their peers say goodbye. */
  stop(): void {
    const app = this.#app;
    this.#app = undefined;
    if (app === undefined) return;
    this.seen.push(...app.get(RecordedWorkerHandlers).seen);
    this.#stopping = app.close();
  }

  async close(): Promise<void> {
    this.stop();
    await this.#stopping;
  }
}
