import { describe, expect, it } from 'vitest';
import { checkOneProcess, readEnvironment, type Environment } from './environment.js';
import { gatewayProcesses, workerProcesses } from './processes.js';

/** What each of two processes is given, for variables of their supervisor. */
function variablesOf(variables: Record<string, string>): (Record<string, string> | undefined)[] {
  const { environmentOf } = gatewayProcesses(environmentWith(variables), 'main.js');
  return [1, 2].map((number) => environmentOf?.({ group: 'gateway', number, of: 2 }));
}

function environmentWith(variables: Record<string, string>): Environment {
  return readEnvironment({ NESTWIRE_PROCESSES: '2', ...variables });
}

describe('the processes of a gateway', () => {
  it('have a LAN port each, counted from the one that is given, and are one process themselves', () => {
    expect(variablesOf({ NESTWIRE_LAN: '127.0.0.1:9108' })).toEqual([
      {
        NESTWIRE_PROCESSES: '1',
        NESTWIRE_SUPERVISED: 'gateway 1/2',
        NESTWIRE_LAN: '127.0.0.1:9108',
        NESTWIRE_ADVERTISE: '',
      },
      {
        NESTWIRE_PROCESSES: '1',
        NESTWIRE_SUPERVISED: 'gateway 2/2',
        NESTWIRE_LAN: '127.0.0.1:9109',
        NESTWIRE_ADVERTISE: '',
      },
    ]);
  });

  it('advertise a port each, counted in the same way', () => {
    const given = variablesOf({
      NESTWIRE_SECRET: 's',
      NESTWIRE_LAN: '0.0.0.0:9108',
      NESTWIRE_ADVERTISE: '10.0.0.5:19108',
    });
    expect(given.map((variables) => variables?.['NESTWIRE_ADVERTISE'])).toEqual([
      '10.0.0.5:19108',
      '10.0.0.5:19109',
    ]);
  });

  it('take a free port each when 0 is asked for', () => {
    const given = variablesOf({ NESTWIRE_LAN: '127.0.0.1:0' });
    expect(given.map((variables) => variables?.['NESTWIRE_LAN'])).toEqual(['127.0.0.1:0', '127.0.0.1:0']);
  });

  it.each([
    ['NESTWIRE_LAN', '127.0.0.1:65535', /Write 127\.0\.0\.1:65534 or a lower one/],
    ['NESTWIRE_ADVERTISE', '10.0.0.5:65535', /Write 10\.0\.0\.5:65534 or a lower one/],
  ])('are refused when there are not so many ports: %s=%s', (name, value, remedy) => {
    const read = (): unknown => variablesOf({ [name]: value });
    expect(read).toThrow(expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_OPTION', option: name }));
    expect(read).toThrow(remedy);
    expect(() => variablesOf({ [name]: value.replace('65535', '65534') })).not.toThrow();
  });

  it('tell where clients are taken, whatever else a process says', () => {
    const told: (readonly string[])[] = [];
    const { onReady } = gatewayProcesses(environmentWith({}), 'main.js', (urls) => told.push(urls));
    const place = { group: 'gateway', number: 1, of: 2 };
    for (const facts of [{ urls: ['ws://127.0.0.1:8000', 7] }, { urls: 'ws' }, undefined])
      onReady?.(place, facts);
    expect(told).toEqual([['ws://127.0.0.1:8000'], [], []]);
  });

  it('make way for their successors, which need their ports; those of a worker wait for theirs', () => {
    expect(gatewayProcesses(environmentWith({}), 'main.js').replace).toBe('old-first');
    expect(workerProcesses(environmentWith({}), 'main.js').replace).toBe('new-first');
  });
});

describe('the number of processes', () => {
  it.each(['0', '-1', '1.5', 'auto', '1025'])('is not %s', (text) => {
    expect(() => readEnvironment({ NESTWIRE_PROCESSES: text })).toThrow(/NESTWIRE_PROCESSES.*from 1 to 1024/);
  });

  it('is 1 unless it is set, and always for a register', () => {
    expect(readEnvironment({}).processes).toBe(1);
    expect(() => checkOneProcess(readEnvironment({}))).not.toThrow();
    expect(() => checkOneProcess(environmentWith({}))).toThrow(
      /NESTWIRE_PROCESSES.*Set 2 for the gateways and workers/,
    );
  });
});
