import { describe, expect, it } from 'vitest';
import { isAlive, Stage } from './test/stage.js';

const NODES = [
  { name: 'gateway', processes: 2, replace: 'old-first' },
  { name: 'worker', processes: 2 },
] as const;

async function started(): Promise<Stage> {
  const stage = new Stage(NODES);
  await stage.supervisor.start();
  return stage;
}

describe('a reload', () => {
  it('replaces the last group first, one process at a time, in the order of its group', async () => {
    const stage = await started();
    const old = [...stage.pids];
    await stage.supervisor.reload();
    const newFirst = ['ready', 'stops', 'ends'];
    const oldFirst = ['stops', 'ends', 'ready'];
    expect(stage.journal.slice(4)).toEqual([
      ...newFirst.map((did) => `worker 1/2 ${did}`),
      ...newFirst.map((did) => `worker 2/2 ${did}`),
      ...oldFirst.map((did) => `gateway 1/2 ${did}`),
      ...oldFirst.map((did) => `gateway 2/2 ${did}`),
    ]);
    expect(old.map(isAlive)).toEqual([false, false, false, false]);
    expect(stage.pids.slice(4).map(isAlive)).toEqual([true, true, true, true]);
    expect(stage.lines.at(-1)).toBe('Reloaded');
  });

  it('that is asked for while one is under way replaces once more what is older, however often it is asked for', async () => {
    const stage = await started();
    const first = stage.supervisor.reload();
    await stage.ready(5); // the first worker
    const more = [stage.supervisor.reload(), stage.supervisor.reload(), stage.supervisor.reload()];
    await Promise.all([first, ...more]);
    const replaced = stage.doers('ready').slice(4);
    // All once; and once more what was replaced, or on its way, when the others were asked for.
    expect(replaced.toSorted()).toEqual([
      'gateway 1/2',
      'gateway 2/2',
      'worker 1/2',
      'worker 1/2',
      'worker 2/2',
    ]);
    expect(stage.pids.filter(isAlive)).toHaveLength(4);
  });

  it('stops where a new worker does not come up, and leaves the old ones as they are', async () => {
    const stage = await started();
    stage.behaviour = (label) => (label === 'worker 2/2' ? 'failing' : 'good');
    await expect(stage.supervisor.reload()).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_RELOAD',
      label: 'worker 2/2',
      cause: { code: 'ERR_NESTWIRE_PROCESS_START' },
    });
    // In order: both gateways and the second worker are the old ones.
    expect(stage.pids.map(isAlive)).toEqual([true, true, false, true, true]);
    expect(stage.lines.at(-1)).toMatch(/^worker 2\/2 could not be replaced: .* reload again\.$/);
    expect(stage.codes).toEqual(['ERR_NESTWIRE_RELOAD']);
    expect(stage.doers('fails')).toEqual(['worker 2/2']);

    stage.behaviour = () => 'good';
    await stage.supervisor.reload();
    expect(stage.pids.slice(0, 5).filter(isAlive)).toEqual([]);
    expect(stage.pids.slice(5).map(isAlive)).toEqual([true, true, true, true]);
  });

  it('stops where a new gateway does not come up, leaves the others, and goes on to fill that place', async () => {
    const stage = await started();
    let failures = 0;
    stage.behaviour = (label) => (label === 'gateway 1/2' && failures++ < 2 ? 'failing' : 'good');
    await expect(stage.supervisor.reload()).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_RELOAD',
      label: 'gateway 1/2',
    });
    const [, second] = stage.pids;
    expect(isAlive(second!)).toBe(true);
    await stage.ready(7);
    expect(stage.doers('ready').at(-1)).toBe('gateway 1/2');
    expect(stage.doers('fails')).toEqual(['gateway 1/2', 'gateway 1/2']);
    expect(isAlive(second!)).toBe(true);
  });

  it('fills a place whose process has crashed at once, without its wait', async () => {
    const stage = new Stage([{}], { minRestartDelayMs: 20_000, maxRestartDelayMs: 20_000 });
    await stage.supervisor.start();
    process.kill(stage.pids[0]!, 'SIGKILL');
    await stage.said(/It is started again/);
    await stage.supervisor.reload();
    expect(stage.pids.map(isAlive)).toEqual([false, true]);
  });

  it('during a start that fails replaces nobody, and does not say that it did', async () => {
    const stage = new Stage(NODES);
    let reloading: Promise<void> | undefined;
    stage.behaviour = (label) => {
      if (label !== 'worker 2/2') return 'good';
      reloading = stage.supervisor.reload();
      reloading.catch(() => undefined); // it is looked at below
      return 'failing';
    };
    await expect(stage.supervisor.start()).rejects.toMatchObject({ code: 'ERR_NESTWIRE_PROCESS_START' });
    await expect(reloading).rejects.toMatchObject({ code: 'ERR_NESTWIRE_SUPERVISOR_CLOSED' });
    expect(stage.lines.filter((line) => line.startsWith('Reload'))).toEqual(['Reloading']);
  });

  it('during the start waits for it', async () => {
    const stage = new Stage([{ processes: 2 }]);
    const starting = stage.supervisor.start();
    await Promise.all([stage.supervisor.reload(), starting]);
    expect(stage.pids.map(isAlive)).toEqual([false, false, true, true]);
    expect(stage.lines.filter((line) => line.startsWith('Reload'))).toEqual(['Reloading', 'Reloaded']);
  });

  it('ends when the supervisor is closed, with the old and the new one', async () => {
    const stage = await started();
    const reloading = stage.supervisor.reload();
    const ended = expect(reloading).rejects.toMatchObject({ code: 'ERR_NESTWIRE_SUPERVISOR_CLOSED' });
    await stage.ready(5);
    await stage.supervisor.close();
    await ended;
    expect(stage.pids.filter(isAlive)).toEqual([]);
  });
});

describe('a SIGTERM to a single process', () => {
  it('is said to replace that one, and is no reload', async () => {
    const stage = new Stage([{ name: 'worker', processes: 2 }]);
    stage.behaviour = () => 'asking';
    await stage.supervisor.start();
    const [first, second] = stage.pids;
    process.kill(second!, 'SIGTERM');
    await stage.said(/has been replaced/);
    expect(stage.pids.map(isAlive)).toEqual([true, false, true]);
    expect(stage.lines.slice(2)).toEqual([
      'worker 2/2 was sent a SIGTERM, and is replaced',
      `worker 2/2 (pid ${stage.pids[2]}) is ready`,
      'worker 2/2 has been replaced',
    ]);

    await stage.supervisor.reload();
    expect(isAlive(first!)).toBe(false);
    expect(stage.lines.filter((line) => /Reload|been replaced/.test(line))).toEqual([
      'worker 2/2 has been replaced',
      'Reloading',
      'Reloaded',
    ]);
  });
});
