import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { copyCheckout, npm } from './e2e/checkout.js';
import { freePort } from '../bench/suite/free-port.js';
import { ServiceProcess } from './e2e/service-process.js';
import { ScratchApp } from './package/scratch-app.js';

const run = promisify(execFile);

interface Answer {
  readonly id?: number;
  readonly event?: string;
  readonly data?: unknown;
  readonly error?: { readonly code: string };
}

describe('the published package', () => {
  const folders: string[] = [];
  let tarball: string;
  let scratch: ScratchApp;

  beforeAll(async () => {
    // In a copy: it starts from no build, and its own build is not the one that other tests use.
    const checkout = copyCheckout();
    const packed = mkdtempSync(join(tmpdir(), 'nestwire-packed-'));
    folders.push(checkout, packed);
    await npm(checkout, 'pack', '--pack-destination', packed);
    tarball = join(
      packed,
      readdirSync(packed).find((name) => name.endsWith('.tgz'))!,
    );
    scratch = new ScratchApp();
  });

  afterAll(() => {
    scratch?.remove();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  it('has the front door, the rooms, the documents, and nothing that is only there for us', async () => {
    const { stdout } = await run('tar', ['-tzf', tarball]);
    const files = stdout
      .trim()
      .split('\n')
      .map((file) => file.replace('package/', ''));
    expect(files).toEqual(
      expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'docs/protocol.md']),
    );
    for (const door of ['index', 'testing']) {
      expect(files).toEqual(expect.arrayContaining([`dist/src/${door}.js`, `dist/src/${door}.d.ts`]));
    }
    for (const room of [
      'protocol',
      'link',
      'register',
      'gateway',
      'api',
      'worker',
      'supervisor',
      'testing',
    ]) {
      expect(files).toContain(`dist/libs/${room}/src/index.js`);
      expect(files).toContain(`dist/libs/${room}/src/index.d.ts`);
    }
    const ours = files.filter((file) => /spec|(^|\/)(test|bench|apps)\/|\.map$|(?<!\.d)\.ts$/.test(file));
    expect(ours).toEqual([]);
    // Every program has its types, and the other way round.
    const programs = files
      .filter((file) => file.endsWith('.js'))
      .map((file) => file.replace(/\.js$/, '.d.ts'));
    expect(files.filter((file) => file.endsWith('.d.ts')).toSorted()).toEqual(programs.toSorted());
  });

  it('is installed without a network into an application that has its peers', async () => {
    // Without a cache either. Peers are looked up in registries unless told not to; that they fit, `ls` says.
    const cache = mkdtempSync(join(tmpdir(), 'nestwire-npm-'));
    folders.push(cache);
    const options = ['--offline', '--legacy-peer-deps', '--no-audit', '--no-fund', '--cache', cache];
    await npm(scratch.folder, 'install', ...options, tarball);
    expect(await npm(scratch.folder, 'ls', 'nestwire')).toContain('nestwire@');
    const manifest = JSON.parse(
      readFileSync(join(scratch.folder, 'node_modules/nestwire/package.json'), 'utf8'),
    ) as { dependencies: Record<string, string>; peerDependencies: Record<string, string> };
    expect(Object.keys(manifest.dependencies).toSorted()).toEqual(['php-serialize', 'ws']);
    for (const version of ['@nestjs/common', '@nestjs/core', '@nestjs/microservices']) {
      expect(manifest.peerDependencies[version]).toMatch(/^\^12\./);
    }
  });

  it('has types that hold in a strict application, its own declarations checked with them', async () => {
    const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const result = await run(process.execPath, [compiler, '-p', scratch.folder]).catch(
      (error: { stdout: string }) => error,
    );
    expect(result.stdout).toBe('');
  });

  it('tests the handlers of that application, without a port', async () => {
    const test = join(scratch.folder, 'dist/greeting.handlers.test.js');
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', test]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toMatch(/^# pass 2$/m);
    expect(stdout).toMatch(/^# fail 0$/m);
  });

  describe('in that application', () => {
    const services: ServiceProcess[] = [];
    let socket: WebSocket;
    const received: Answer[] = [];

    beforeAll(async () => {
      const register = `127.0.0.1:${await freePort()}`;
      const listen = `ws://127.0.0.1:${await freePort()}`;
      for (const role of ['register', 'gateway', 'worker']) {
        services.push(
          new ServiceProcess({
            name: role,
            folder: scratch.folder,
            command: [process.execPath, 'dist/main.js', role, register, listen],
            variables: {},
            ready: /Nest microservice successfully started/,
          }),
        );
      }
      await Promise.all(services.map((service) => service.start()));
      socket = new WebSocket(`${listen}/front/door`);
      socket.on('message', (data: Buffer) => received.push(JSON.parse(data.toString()) as Answer));
      await once(socket, 'open');
    });

    afterAll(async () => {
      socket?.terminate();
      await Promise.all(services.map((service) => service.kill()));
    });

    async function next(matches: (answer: Answer) => boolean): Promise<Answer> {
      for (;;) {
        const found = received.find(matches);
        if (found !== undefined) return found;
        await once(socket, 'message');
      }
    }

    function ask(id: number, event: string, data?: unknown): Promise<Answer> {
      socket.send(JSON.stringify({ event, data, id }));
      return next((answer) => answer.id === id);
    }

    it('a worker welcomes who connects, answers, and keeps to its guards', async () => {
      expect((await next(({ event }) => event === 'welcome')).data).toBe('/front/door');
      expect((await ask(1, 'who')).error?.code).toBe('FORBIDDEN');
      expect((await ask(2, 'greet', {})).error?.code).toBe('BAD_REQUEST');
      expect((await ask(3, 'greet', { name: 'ann' })).data).toMatchObject({
        hello: 'ann',
        id: expect.stringMatching(/^[0-9a-f]{20}$/) as string,
      });
      expect((await ask(4, 'who')).data).toEqual({
        me: 'ann',
        type: 'message',
        uids: ['ann'],
        online: false,
      });
    });

    it("a gateway executes the application's own command", async () => {
      expect((await ask(5, 'sizes')).data).toMatchObject([{ answer: [1, 0] }]);
    });

    it('handlers are told when a client and when their worker ends', async () => {
      const [register, gateway, worker] = services;
      socket.close(1000);
      await worker!.until(() => worker!.lines.includes('left: ann greeted 1000'), 'that ann has left');
      // Nest's own shutdown hooks end the process by the signal that it got, after everything is closed.
      for (const service of [worker!, gateway!, register!]) await service.stop();
      expect(worker!.lines).toEqual(expect.arrayContaining(['handlers started', 'handlers stopped']));
      expect(services.flatMap(({ complaints }) => complaints)).toEqual([]);
    });
  });
});
