import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { on, once } from 'node:events';
import { copyCheckout } from './checkout.js';
import { freePort } from '../../bench/suite/free-port.js';
import { ServiceProcess } from './service-process.js';

/** The commands of the README, as somebody types them in a fresh checkout that nobody has built yet. */
describe('in a fresh checkout', () => {
  let folder: string;

  beforeAll(() => {
    folder = copyCheckout();
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function variables(): Promise<Record<string, string>> {
    return {
      NESTWIRE_REGISTER: `127.0.0.1:${await freePort()}`,
      NESTWIRE_LAN: `127.0.0.1:${await freePort()}`,
      NESTWIRE_LISTEN: `ws://127.0.0.1:${await freePort()}`,
      NESTWIRE_PAGE: `127.0.0.1:${await freePort()}`,
    };
  }

  /** Resolves when the service that it starts works; ended with the test if it still runs then. */
  async function typed(
    command: string,
    ready: RegExp,
    given: Readonly<Record<string, string>>,
  ): Promise<ServiceProcess> {
    const [program, ...args] = command.split(' ');
    const service = new ServiceProcess({
      name: command,
      folder,
      command: [program!, ...args],
      variables: given,
      ready,
    });
    onTestFinished(() => service.kill());
    await service.start();
    return service;
  }

  /** A worker has answered over this gateway: there is no such event, and it says so. */
  async function expectAnswer(url: string): Promise<void> {
    const socket = new WebSocket(url);
    onTestFinished(() => socket.terminate());
    await once(socket, 'open');
    socket.send(JSON.stringify({ event: 'there is no such event', id: 1 }));
    for await (const [data] of on(socket, 'message')) {
      const { id, error } = JSON.parse(String(data)) as { id?: number; error?: { code: string } };
      if (id === undefined) continue;
      expect([id, error?.code]).toEqual([1, 'UNKNOWN_EVENT']);
      return;
    }
  }

  it('"nest start" builds and runs each service, and they find each other', async () => {
    const given = await variables();
    const nest = 'node_modules/.bin/nest start';
    const services = [
      await typed(`${nest} register`, /Register listens on/, given),
      await typed(`${nest} gateway`, /takes clients on/, given),
      await typed(`${nest} worker`, /Taking events/, given),
    ];
    await expectAnswer(given['NESTWIRE_LISTEN']!);
    for (const service of services.toReversed()) {
      await service.stop();
      expect(service.isRunning).toBe(false);
      expect(service.complaints).toEqual([]);
    }
  });

  it('"npm start" serves the chat: its page, and a WebSocket that a worker answers on', async () => {
    const given = await variables();
    const service = await typed('npm start', /Taking events/, given);
    const page = `http://${given['NESTWIRE_PAGE']}`;
    const printed = [page, given['NESTWIRE_LISTEN']!];
    await service.until(
      () => printed.every((url) => service.lines.some((line) => line.includes(url))),
      'both urls',
    );
    const response = await fetch(page);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
    expect(await response.text()).toMatch(/<!doctype html>/i);
    await expectAnswer(given['NESTWIRE_LISTEN']!);
    await service.stop();
    expect(service.isRunning).toBe(false);
    expect(service.complaints).toEqual([]);
  });
});
