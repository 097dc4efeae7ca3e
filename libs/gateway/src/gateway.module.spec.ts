import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ListenError } from '#link';
import { defineQuestion, jsonCodec } from '#protocol';
import type { CommandPort, CustomCommand } from './commands/custom-command.js';
import { Gateway } from './gateway.js';
import { GatewayModule, type GatewayModuleSettings } from './gateway.module.js';
import { GatewayStrategy } from './gateway.strategy.js';
import { RawClient } from './test/clients.js';
import { LanPeer } from './test/lan-peer.js';
import { registerSink } from './test/test-gateway.js';

const greeting = defineQuestion({
  code: 150,
  request: jsonCodec((value) => String(value)),
  reply: jsonCodec((value) => String(value)),
});

@Injectable()
class Dictionary {
  readonly hello = 'bonjour';
}

@Injectable()
class GreetingCommand implements CustomCommand<string, string> {
  readonly definition = greeting;

  constructor(private readonly dictionary: Dictionary) {}

  execute(port: CommandPort, name: string): string {
    return `${this.dictionary.hello} ${name}, one of ${port.clientCount}`;
  }
}

@Module({ providers: [Dictionary], exports: [Dictionary] })
class DictionaryModule {}

async function settings(): Promise<GatewayModuleSettings> {
  return {
    lan: '127.0.0.1:0',
    listen: ['tcp://127.0.0.1:0'],
    registers: [await registerSink()],
    protocol: 'base' as const, // what `LanPeer` speaks
    commands: [GreetingCommand],
  };
}

function microservice(module: unknown): Promise<Awaited<ReturnType<typeof NestFactory.createMicroservice>>> {
  @Module({ imports: [module as typeof DictionaryModule] })
  class AppModule {}
  return NestFactory.createMicroservice<AsyncMicroserviceOptions>(AppModule, {
    inject: [GatewayStrategy],
    useFactory: (strategy: GatewayStrategy) => ({ strategy }),
    logger: false,
    abortOnError: false,
  } as AsyncMicroserviceOptions);
}

describe('the gateway module', () => {
  it('runs a gateway as a microservice, with a command class that Nest has made', async () => {
    const given = await settings();
    const app = await microservice({ ...GatewayModule.forRoot(given), imports: [DictionaryModule] });
    onTestFinished(() => app.close());
    const listening: string[] = [];
    app.get(GatewayStrategy).on('listening', (urls) => listening.push(...urls));
    await app.listen();
    const gateway = app.get(Gateway);
    expect(app.get(GatewayStrategy).unwrap()).toBe(gateway);
    expect(listening).toEqual(gateway.urls);
    await RawClient.dial(gateway.urls[0]);
    const caller = await LanPeer.dial(gateway.address);
    expect(await caller.ask(greeting, 'Ann')).toBe('bonjour Ann, one of 1');
    await app.close();
    await caller.closed();
  });

  it('goes on when a listener of "listening" fails, at once or later', async () => {
    const given = await settings();
    const app = await microservice({ ...GatewayModule.forRoot(given), imports: [DictionaryModule] });
    onTestFinished(() => app.close());
    const heard: string[] = [];
    const strategy = app.get(GatewayStrategy);
    strategy.on('listening', () => {
      throw new Error('at once');
    });
    strategy.on('listening', (): unknown => Promise.reject(new Error('later')));
    strategy.on('listening', () => void heard.push('third'));
    await app.listen();
    expect(heard).toEqual(['third']);
    await RawClient.dial(app.get(Gateway).urls[0]);
  });

  it('takes its options from a factory', async () => {
    const given = await settings();
    const module = GatewayModule.forRootAsync({
      imports: [DictionaryModule],
      inject: [Dictionary],
      useFactory: (dictionary: Dictionary) => ({
        ...given,
        commands: [new GreetingCommand({ hello: dictionary.hello.toUpperCase() } as Dictionary)],
      }),
    });
    const app = await microservice(module);
    onTestFinished(() => app.close());
    await app.listen();
    const caller = await LanPeer.dial(app.get(Gateway).address);
    expect(await caller.ask(greeting, 'Bob')).toBe('BONJOUR Bob, one of 0');
  });

  it('stops the start with what to write when an option is wrong', async () => {
    const wrong = { maxMesageBytes: 1 } as GatewayModuleSettings;
    await expect(microservice(GatewayModule.forRoot(wrong))).rejects.toThrow(
      'Option "gateway.maxMesageBytes" is not known. Did you mean "maxMessageBytes"?',
    );
  });

  it('fails to listen when a port is taken, and leaves no other port open', async () => {
    const given = await settings();
    const first = await microservice({ ...GatewayModule.forRoot(given), imports: [DictionaryModule] });
    onTestFinished(() => first.close());
    await first.listen();
    const taken = first.get(Gateway).urls[0]!.replace('?frame=raw', '');
    const second = await microservice({
      ...GatewayModule.forRoot({ ...given, listen: [taken] }),
      imports: [DictionaryModule],
    });
    onTestFinished(() => second.close());
    await expect(second.listen()).rejects.toThrow(ListenError);
    const lan = second.get(Gateway).address;
    await expect(LanPeer.dial(lan)).rejects.toThrow('ECONNREFUSED');
  });
});
