import { describe, expect, it } from 'vitest';
import { Supervisor } from './supervisor.js';
import type { SupervisorOptions } from './supervisor-options.js';
import { isAlive, Stage } from './test/stage.js';

const NODES = [
  { name: 'gateway', processes: 2, replace: 'old-first' },
  { name: 'worker', processes: 2 },
] as const;

describe('a supervisor starts', () => {
  it('its groups in order, the first process of each before the others', async () => {
    const stage = new Stage([{ name: 'gateway', processes: 3 }, { name: 'worker' }]);
    await stage.supervisor.start();
    expect(stage.pids.map(isAlive)).toEqual([true, true, true, true]);
    const [first, second, third, last] = stage.doers('ready');
    expect([first, last]).toEqual(['gateway 1/3', 'worker 1/1']);
    expect(new Set([second, third])).toEqual(new Set(['gateway 2/3', 'gateway 3/3']));
  });

  it('nothing when one ends before it is ready, and ends those that were', async () => {
    const stage = new Stage(NODES);
    stage.behaviour = (label) => (label === 'worker 1/2' ? 'failing' : 'good');
    await expect(stage.supervisor.start()).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_PROCESS_START',
      label: 'worker 1/2',
      exit: { code: 3, signal: null },
      message: 'worker 1/2 ended with code 3 before it was ready. What it wrote last says why.',
    });
    expect(stage.pids.map(isAlive)).toEqual([false, false]);
    expect(stage.doers('fails')).toEqual(['worker 1/2']);
    await expect(stage.supervisor.reload()).rejects.toMatchObject({ code: 'ERR_NESTWIRE_SUPERVISOR_CLOSED' });
  });

  it('nothing when one is not ready in time', async () => {
    const stage = new Stage([{}], { readyTimeoutMs: 300 });
    stage.behaviour = () => 'silent';
    await expect(stage.supervisor.start()).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_PROCESS_NOT_READY',
      label: 'process 1/1',
      timeoutMs: 300,
    });
    expect(stage.codes).toEqual(['ERR_NESTWIRE_PROCESS_NOT_READY']);
  });

  it('nothing after it was closed, and says so', async () => {
    const stage = new Stage([{}]);
    await stage.supervisor.close();
    await expect(stage.supervisor.start()).rejects.toMatchObject({ code: 'ERR_NESTWIRE_SUPERVISOR_CLOSED' });
    expect(stage.journal).toEqual([]);
  });

  it('nothing more when it is closed while it starts', async () => {
    const stage = new Stage(NODES);
    const starting = stage.supervisor.start();
    await stage.ready(1);
    await stage.supervisor.close();
    await starting;
    expect(stage.pids.map(isAlive)).toEqual(stage.pids.map(() => false));
    expect(stage.doers('ready').filter((label) => label.startsWith('worker'))).toEqual([]);
  });
});

describe('a supervisor starts again', () => {
  it('who is killed, in the same place, and leaves the others alone', async () => {
    const stage = new Stage(NODES);
    await stage.supervisor.start();
    const [killed, ...others] = stage.pids;
    process.kill(killed!, 'SIGKILL');
    await stage.ready(5);
    expect(stage.doers('ready').at(-1)).toBe('gateway 1/2');
    expect([killed!, ...others].map(isAlive)).toEqual([false, true, true, true]);
    expect(stage.lines.join('\n')).toContain(
      `gateway 1/2 (pid ${killed}) was ended by SIGKILL. It is started again`,
    );
  });

  it('who crashes at once, time after time, and who is not ready in time, until one works', async () => {
    const stage = new Stage([{ name: 'worker' }], { readyTimeoutMs: 2_500 });
    await stage.supervisor.start();
    const behaviours = ['failing', 'failing', 'silent', 'good'] as const;
    let lives = 0;
    stage.behaviour = () => behaviours[lives++]!;
    process.kill(stage.pids[0]!, 'SIGKILL');
    await stage.ready(2);
    expect(stage.journal).toEqual(
      ['ready', 'fails', 'fails', 'is silent', 'ready'].map((did) => `worker 1/1 ${did}`),
    );
    expect(stage.lines.join('\n')).toMatch(/worker 1\/1 did not become ready in 2500 ms and is ended/);
  });
});

describe('a supervisor that is closed', () => {
  it('ends its groups in order, each when the one before has gone', async () => {
    const stage = new Stage(NODES);
    await stage.supervisor.start();
    await Promise.all([stage.supervisor.close(), stage.supervisor.close()]);
    const [gateways, workers] = [stage.journal.slice(4, 8), stage.journal.slice(8)];
    const deedsOf = (group: string): string[] =>
      ['1/2 ends', '1/2 stops', '2/2 ends', '2/2 stops'].map((deed) => `${group} ${deed}`);
    expect(gateways.toSorted()).toEqual(deedsOf('gateway'));
    expect(workers.toSorted()).toEqual(deedsOf('worker'));
    expect(stage.pids.map(isAlive)).toEqual([false, false, false, false]);
    expect(stage.lines.filter((line) => !line.includes('is ready'))).toEqual([]);
  });

  it('ends who knows nothing but signals with SIGTERM', async () => {
    const stage = new Stage([{}]);
    stage.behaviour = () => 'plain';
    await stage.supervisor.start();
    await stage.supervisor.close();
    expect(stage.lines).toEqual([`process 1/1 (pid ${stage.pids[0]}) is ready`]);
  });

  it('ends who does not go with SIGKILL, and says so', async () => {
    const stage = new Stage([{ processes: 2 }], { stopTimeoutMs: 300 });
    stage.behaviour = (label) => (label === 'process 2/2' ? 'stubborn' : 'good');
    await stage.supervisor.start();
    await stage.supervisor.close();
    expect(stage.doers('ignores SIGTERM')).toEqual(['process 2/2']);
    expect(stage.lines.at(-1)).toBe(
      `process 2/2 (pid ${stage.pids[1]}) has not ended in 300 ms after SIGTERM, and is ended with SIGKILL`,
    );
    expect(stage.pids.map(isAlive)).toEqual([false, false]);
  });

  it('starts nobody again that it was waiting to', async () => {
    const stage = new Stage([{}], { minRestartDelayMs: 20_000, maxRestartDelayMs: 20_000 });
    await stage.supervisor.start();
    process.kill(stage.pids[0]!, 'SIGKILL');
    await stage.said(/It is started again/);
    await stage.supervisor.close();
    expect(stage.doers('ready')).toHaveLength(1);
  });
});

describe('a supervisor refuses', () => {
  it.each([
    [[], {}, /supervisor\.groups/],
    [[{ processes: 0 }], {}, /supervisor\.groups\.processes/],
    [[{ processs: 2 }], {}, /Did you mean "processes"/],
    [[{ replace: 'both' }], {}, /"new-first" or "old-first"/],
    [[{}], { stopTimeout: 3 }, /Did you mean "stopTimeoutMs"/],
    [[{}], { minRestartDelayMs: 5_000, maxRestartDelayMs: 100 }, /maxRestartDelayMs, which is 100/],
  ])('%j with %j', (groups, options, message) => {
    const make = (): Supervisor =>
      new Supervisor({ groups, ...options } as Partial<SupervisorOptions>, { log, warn: log, error: log });
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_OPTION' }));
    expect(make).toThrow(message);
  });
});

function log(): void {}
