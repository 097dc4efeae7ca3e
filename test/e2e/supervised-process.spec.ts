import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { ServiceProcess } from './service-process.js';
import { isAlive } from './supervised-service.js';

const READY = /^(\w+ \d+) (\d+) is there$/;

/** A supervisor of two small processes, all real ones: who gets a signal here is what matters. */
class Supervised extends ServiceProcess {
  constructor() {
    super({
      name: 'supervisor',
      folder: inject('checkout'),
      command: [process.execPath, 'dist/test/e2e/apps/supervisor/main.js'],
      variables: {},
      ready: /^started$/,
    });
    onTestFinished(() => this.kill());
  }

  static async start(): Promise<Supervised> {
    const supervisor = new Supervised();
    await supervisor.start();
    return supervisor;
  }

  /** Its processes, in the order in which they said that they are there: where, and their pid. */
  get processes(): readonly { readonly place: string; readonly pid: number }[] {
    return this.lines.flatMap((line) => {
      const [, place, pid] = READY.exec(line) ?? [];
      return place === undefined ? [] : [{ place, pid: Number(pid) }];
    });
  }

  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  async says(pattern: RegExp, times = 1): Promise<void> {
    await this.until(() => this.count(pattern) >= times, `${times} × ${pattern.source}`);
  }
}

async function gone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 10));
}

// How a supervisor starts, reloads and closes is in libs/supervisor; here is what its processes make of signals.
describe('a supervised process', () => {
  it('that is sent a SIGTERM is replaced', async () => {
    const supervisor = await Supervised.start();
    const { pid, place } = supervisor.processes[0]!;
    process.kill(pid, 'SIGTERM');
    await supervisor.says(/was sent a SIGTERM, and is replaced/);
    await supervisor.says(READY, 3);
    await supervisor.says(/ has been replaced$/);
    expect(supervisor.count(/Reload/)).toBe(0);
    expect(supervisor.processes[2]!.place).toBe(place);
    await gone([pid]);
  });

  it('is not stopped by a SIGINT, which a terminal sends to all at once', async () => {
    const supervisor = await Supervised.start();
    for (const { pid } of supervisor.processes) process.kill(pid, 'SIGINT');
    expect(await supervisor.stop()).toBe(0);
    expect(supervisor.count(/ stops: /)).toBe(2);
    expect(supervisor.count(/ stops: The supervisor says so/)).toBe(2);
  });

  it('stops in order when its supervisor is killed', async () => {
    const supervisor = await Supervised.start();
    const pids = supervisor.processes.map(({ pid }) => pid);
    // The supervisor alone, not its whole group.
    process.kill(supervisor.pid!, 'SIGKILL');
    await supervisor.says(/ stops: The supervisor is gone/, 2);
    await gone(pids);
  });
});
