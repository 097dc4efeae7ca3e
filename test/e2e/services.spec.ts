import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { freePort } from '../../bench/suite/free-port.js';
import { ServiceProcess } from './service-process.js';

const SERVICES = ['register', 'gateway', 'worker', 'standalone'] as const;
type ServiceName = (typeof SERVICES)[number];
type Variables = Readonly<Record<string, string>>;

/** Not started yet, and ended with the test if it runs then. */
function serviceOf(name: ServiceName, variables: Variables): ServiceProcess {
  const service = new ServiceProcess({
    name,
    folder: inject('checkout'),
    command: [process.execPath, '--enable-source-maps', `dist/apps/${name}/src/main.js`],
    variables,
    ready: /Nest microservice successfully started/,
  });
  onTestFinished(() => service.kill());
  return service;
}

/** Ports that are free, for all that a service may listen on. */
async function freeVariables(): Promise<Variables> {
  return {
    NESTWIRE_REGISTER: `127.0.0.1:${await freePort()}`,
    NESTWIRE_LAN: '127.0.0.1:0',
    NESTWIRE_LISTEN: 'ws://127.0.0.1:0,tcp://127.0.0.1:0?frame=newline',
    NESTWIRE_PAGE: `127.0.0.1:${await freePort()}`,
  };
}

async function endOf(service: ServiceProcess): Promise<{ code: number | null; text: string }> {
  service.launch();
  return { code: await service.exitCode(), text: service.lines.join('\n') };
}

describe.each(SERVICES)('the %s', (name) => {
  it('does not start with a variable that nobody knows, and says which one was meant', async () => {
    const { code, text } = await endOf(serviceOf(name, { NESTWIRE_REGSTER: '127.0.0.1:9327' }));
    expect(code).toBe(1);
    expect(text).toContain('NESTWIRE_REGSTER');
    expect(text).toContain('Did you mean "NESTWIRE_REGISTER"?');
    // The remedy, and no stack trace around it.
    expect(text.split('\n')).toHaveLength(1);
  });

  it('does not start with a value that cannot be meant', async () => {
    const { code, text } = await endOf(serviceOf(name, { NESTWIRE_REGISTER: 'localhost' }));
    expect(code).toBe(1);
    expect(text).toMatch(/NESTWIRE_REGISTER.*\d+\.\d+\.\d+\.\d+:\d+/);
    expect(text.split('\n')).toHaveLength(1);
  });

  it('says why in JSON where the log is JSON', async () => {
    const variables = { NESTWIRE_LOG: 'json', NESTWIRE_LISTEN: 'foo' };
    const { code, text } = await endOf(serviceOf(name, variables));
    expect(code).toBe(1);
    expect(JSON.parse(text)).toMatchObject({
      level: 'fatal',
      message: expect.stringContaining('NESTWIRE_LISTEN') as string,
      code: 'ERR_NESTWIRE_INVALID_OPTION',
    });
  });

  it('ends with code 0 when it is told to stop, whether or not the others are there', async () => {
    const service = serviceOf(name, await freeVariables());
    await service.start();
    expect(await service.stop()).toBe(0);
    expect(service.complaints).toEqual([]);
  });
});

describe('the standalone', () => {
  it('tells its gateway and its worker the port that its register took, where that was asked for as 0', async () => {
    const service = serviceOf('standalone', { ...(await freeVariables()), NESTWIRE_REGISTER: '127.0.0.1:0' });
    await service.start();
    await service.until(
      () => service.lines.some((line) => line.includes('1 gateway and 1 worker now')),
      'that both are there',
    );
    expect(await service.stop()).toBe(0);
    expect(service.complaints).toEqual([]);
  });
});

describe('a service does not start, and says what to write,', () => {
  it.each([
    ['gateway', 'NESTWIRE_ADVERTISE', '0.0.0.0:9108', /10\.0\.0\.5:9108/],
    ['gateway', 'NESTWIRE_LAN', '127.0.0.1', /127\.0\.0\.1:9108|host:port|port/],
    ['gateway', 'NESTWIRE_LISTEN', 'http://127.0.0.1:8000', /ws:\/\/127\.0\.0\.1:8000/],
    ['gateway', 'NESTWIRE_LISTEN', 'tcp://127.0.0.1:8001?frame=lines', /raw, newline, length/],
    ['register', 'NESTWIRE_REGISTER', '127.0.0.1:9327,127.0.0.1:9328', /own address alone/],
    ['register', 'NESTWIRE_REGISTER', '0.0.0.0:9327', /NESTWIRE_SECRET.*same secret on all nodes/],
    ['worker', 'NESTWIRE_INTEROP', 'php', /"swoole-worker"/],
    ['worker', 'NESTWIRE_LOG', 'loud', /verbose/],
    ['register', 'NESTWIRE_PROCESSES', '2', /always one process.*gateways and workers/],
    ['gateway', 'NESTWIRE_PROCESSES', '0', /whole number from 1 to/],
    ['worker', 'NESTWIRE_PROCESSES', 'two', /whole number from 1 to/],
    ['standalone', 'NESTWIRE_PAGE', '3000', /127\.0\.0\.1:3000|host:port|port/],
  ] as const)('the %s with %s="%s"', async (name, variable, value, remedy) => {
    const { code, text } = await endOf(serviceOf(name, { [variable]: value }));
    expect(code).toBe(1);
    expect(text).toMatch(remedy);
    expect(text).toContain('ERR_NESTWIRE_INVALID_OPTION');
  });

  it.each([
    ['register', 'NESTWIRE_REGISTER'],
    ['gateway', 'NESTWIRE_LAN'],
    ['gateway', 'NESTWIRE_LISTEN'],
  ] as const)('the %s when the port of %s is taken', async (name, variable) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const value = variable === 'NESTWIRE_LISTEN' ? `ws://${address}` : address;
    const { code, text } = await endOf(serviceOf(name, { ...(await freeVariables()), [variable]: value }));
    expect(code).toBe(1);
    expect(text).toContain(address);
    expect(text).toMatch(/EADDRINUSE|in use|taken/);
  });
});
