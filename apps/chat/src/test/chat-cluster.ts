import { Logger, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { Gateway } from '#gateway';
import { silentLog } from '#link';
import { formatAddress } from '#api';
import { RegisterServer } from '#register';
import { WorkerModule, WorkerStrategy } from '#worker';
import { ChatModule } from '../chat.module.js';
import { ChatClient } from './chat-client.js';

export interface ClusterSize {
  readonly gateways: number;
  readonly workers: number;
}

/** Real register, gateways and workers with the chat, on free ports of one process. */
export class ChatCluster {
  readonly #clients: ChatClient[] = [];

  private constructor(
    private readonly register: RegisterServer,
    readonly gateways: readonly Gateway[],
    readonly workers: readonly INestMicroservice[],
  ) {}

  static async start(size: ClusterSize): Promise<ChatCluster> {
    const register = new RegisterServer({ listen: '127.0.0.1:0' });
    await register.listen();
    const registerAddress = formatAddress(register.address!);
    const gateways = Array.from(
      { length: size.gateways },
      () =>
        new Gateway(
          { lan: '127.0.0.1:0', registers: [registerAddress], listen: ['ws://127.0.0.1:0'] },
          silentLog,
        ),
    );
    await Promise.all(gateways.map((gateway) => gateway.listen()));
    const workers = await Promise.all(
      Array.from({ length: size.workers }, () => startWorker(registerAddress)),
    );
    return new ChatCluster(register, gateways, workers);
  }

  async connect(gateway = 0): Promise<ChatClient> {
    const client = await ChatClient.connect(this.gateways[gateway]!.urls[0]!);
    this.#clients.push(client);
    return client;
  }

  /** A client that has signed in; who has the same secret and name is the same user. */
  async signIn(name: string, { secret = secretOf(name), gateway = 0 } = {}): Promise<ChatClient> {
    const client = await this.connect(gateway);
    await client.ask('signIn', { name, secret });
    return client;
  }

  async closeClients(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
  }

  async close(): Promise<void> {
    await this.closeClients();
    await Promise.all(this.gateways.map((gateway) => gateway.close()));
    await Promise.all(this.workers.map((worker) => worker.close()));
    await this.register.close();
  }
}

export function secretOf(name: string): string {
  return `secret-of-${name}`.replace(/[^\w-]/g, '_').padEnd(43, '0');
}

async function startWorker(register: string): Promise<INestMicroservice> {
  @Module({ imports: [WorkerModule.forRoot({ registers: [register] }), ChatModule] })
  class AppModule {}
  // Nest's logger is one for the whole process: what the workers say is read in their own specs.
  Logger.overrideLogger(false);
  const worker = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(AppModule, {
    inject: [WorkerStrategy],
    useFactory: (strategy: WorkerStrategy) => ({ strategy }),
    logger: false,
    abortOnError: false,
  });
  await worker.listen();
  return worker;
}
