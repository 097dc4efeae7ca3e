import { connect } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import type { SupervisorOptions } from '#supervisor';
import { freePort } from '../../bench/suite/free-port.js';
import { ServiceProcess } from './service-process.js';

type Behaviour = 'serve' | 'crash' | 'hang' | 'stubborn';

const SERVES = /^(\w+ \d+) (\d+) serves$/;

/** A supervisor as a process, with processes that do what they are told to at their start. */
class Supervised extends ServiceProcess {
  readonly #folder: string;

  private constructor(
    options: object,
    folder: string,
    readonly port: number,
  ) {
    super({
      name: 'supervisor',
      folder: inject('checkout'),
      command: [process.execPath, 'dist/test/e2e/apps/supervisor/main.js', JSON.stringify(options)],
      variables: { BEHAVIOUR: join(folder, 'behaviour'), PORT: String(port) },
      ready: /^started$/,
    });
    this.#folder = folder;
  }

  static async create(
    options: Partial<SupervisorOptions>,
    behaviour: Behaviour = 'serve',
  ): Promise<Supervised> {
    const folder = mkdtempSync(join(tmpdir(), 'nestwire-'));
    const supervised = new Supervised(
      { minRestartDelayMs: 20, maxRestartDelayMs: 200, ...options },
      folder,
      await freePort(),
    );
    supervised.willNow(behaviour);
    onTestFinished(async () => {
      await supervised.kill();
      rmSync(folder, { recursive: true });
    });
    return supervised;
  }

  /** From now on processes do this at their start. */
  willNow(behaviour: Behaviour): void {
    writeFileSync(join(this.#folder, 'behaviour'), behaviour);
  }

  /** Processes that serve, in the order in which they said so: where, and their pid. */
  get served(): readonly { readonly place: string; readonly pid: number }[] {
    return this.lines.flatMap((line) => {
      const [, place, pid] = SERVES.exec(line) ?? [];
      return place === undefined ? [] : [{ place, pid: Number(pid) }];
    });
  }

  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }

  async says(pattern: RegExp, times = 1): Promise<void> {
    await this.until(() => this.count(pattern) >= times, `${times} × ${pattern.source}`);
  }

  /** Where something stands in the log. */
  at(pattern: RegExp): number {
    return this.lines.findIndex((line) => pattern.test(line));
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid!, signal);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 10));
}

const TWO = [{ name: 'echo', processes: 2 }];

describe('a supervisor', () => {
  it('starts the groups in order, tells what each process said of itself, and ends with all of them', async () => {
    const supervisor = await Supervised.create({
      groups: [{ name: 'first', processes: 2 }, { name: 'second' }],
    });
    await supervisor.start();
    expect(supervisor.served.map(({ place }) => place).toSorted()).toEqual([
      'first 1',
      'first 2',
      'second 1',
    ]);
    expect(supervisor.served.at(-1)!.place).toBe('second 1');
    expect(supervisor.lines).toContain('facts {"place":"second 1"}');
    expect(await supervisor.stop()).toBe(0);
    expect(supervisor.served.filter(({ pid }) => isAlive(pid))).toEqual([]);
    // The groups end in order too: no process of the second is told before the first is gone.
    expect(supervisor.at(/^second 1 .* stops/)).toBeGreaterThan(supervisor.at(/^first 2 .* stops/));
  });

  it('shares a port among the processes of a group', async () => {
    const supervisor = await Supervised.create({ groups: TWO });
    await supervisor.start();
    const answers = new Set<string>();
    for (let i = 0; i < 8; i++) answers.add(await text(connect(supervisor.port, '127.0.0.1')));
    expect(answers).toEqual(new Set(supervisor.served.map(({ pid }) => `${pid}\n`)));
  });

  it('starts a process again that was killed, and no other', async () => {
    const supervisor = await Supervised.create({ groups: TWO });
    await supervisor.start();
    const [victim, other] = supervisor.served;
    process.kill(victim!.pid, 'SIGKILL');
    await supervisor.says(SERVES, 3);
    expect(supervisor.served[2]!.place).toBe(victim!.place);
    expect(supervisor.count(/was ended by SIGKILL. It is started again in \d+ ms/)).toBe(1);
    expect(isAlive(other!.pid)).toBe(true);
  });

  it('goes on trying with longer waits while a process crashes at its start, and is well when it does no more', async () => {
    const supervisor = await Supervised.create({ groups: TWO });
    await supervisor.start();
    supervisor.willNow('crash');
    process.kill(supervisor.served[0]!.pid, 'SIGKILL');
    await supervisor.says(/ended with code 3\. It is started again/, 4);
    supervisor.willNow('serve');
    await supervisor.says(SERVES, 3);
  });

  it('ends everything, with a reason, when a process does not come up at the first start', async () => {
    const supervisor = await Supervised.create({ groups: TWO }, 'crash');
    supervisor.launch();
    expect(await supervisor.exitCode()).toBe(1);
    expect(supervisor.lines).toContain('start rejected ERR_NESTWIRE_PROCESS_START');
  });

  it('ends a process that is not ready in readyTimeoutMs', async () => {
    const supervisor = await Supervised.create({ groups: TWO, readyTimeoutMs: 1_500 }, 'hang');
    supervisor.launch();
    expect(await supervisor.exitCode()).toBe(1);
    expect(supervisor.lines).toContain('start rejected ERR_NESTWIRE_PROCESS_NOT_READY');
  });

  it('ends a process with SIGKILL that does not end in stopTimeoutMs, and says so', async () => {
    const supervisor = await Supervised.create({ groups: TWO, stopTimeoutMs: 300 }, 'stubborn');
    await supervisor.start();
    expect(await supervisor.stop()).toBe(0);
    expect(supervisor.count(/has not ended in 300 ms after SIGTERM, and is ended with SIGKILL/)).toBe(2);
    await gone(supervisor.served.map(({ pid }) => pid));
  });
});

describe('a reload', () => {
  it('replaces one process at a time, the new one first', async () => {
    const supervisor = await Supervised.create({ groups: TWO });
    await supervisor.start();
    const before = supervisor.served.map(({ pid }) => pid);
    supervisor.signal('SIGHUP');
    await supervisor.says(/^reload resolved$/);
    const [, , third, fourth] = supervisor.served;
    const stops = (pid: number): number => supervisor.at(new RegExp(`${pid} stops: The supervisor says so`));
    const serves = (pid: number): number => supervisor.at(new RegExp(`${pid} serves`));
    const old = (place: string): number => supervisor.served.find((one) => one.place === place)!.pid;
    expect(serves(third!.pid)).toBeLessThan(stops(old(third!.place)));
    expect(stops(old(third!.place))).toBeLessThan(serves(fourth!.pid));
    expect(serves(fourth!.pid)).toBeLessThan(stops(old(fourth!.place)));
    await gone(before);
    expect(isAlive(third!.pid) && isAlive(fourth!.pid)).toBe(true);
  });

  it('lets the old one go first where the group says so', async () => {
    const supervisor = await Supervised.create({
      groups: [{ name: 'echo', processes: 2, replace: 'old-first' }],
    });
    await supervisor.start();
    const [first] = supervisor.served;
    supervisor.signal('SIGHUP');
    await supervisor.says(/^reload resolved$/);
    const successor = supervisor.served.slice(2).find(({ place }) => place === first!.place)!;
    expect(supervisor.at(new RegExp(`${first!.pid} stops`))).toBeLessThan(
      supervisor.at(new RegExp(`${successor.pid} serves`)),
    );
  });

  it('stops at a new process that does not come up, and the old ones stay', async () => {
    const supervisor = await Supervised.create({ groups: TWO });
    await supervisor.start();
    supervisor.willNow('crash');
    supervisor.signal('SIGHUP');
    await supervisor.says(/^reload rejected ERR_NESTWIRE_RELOAD$/);
    expect(supervisor.count(/crashes$/)).toBe(1);
    expect(supervisor.served.filter(({ pid }) => isAlive(pid))).toHaveLength(2);
    supervisor.willNow('serve');
    supervisor.signal('SIGHUP');
    await supervisor.says(/^reload resolved$/);
    expect(supervisor.served).toHaveLength(4);
  });

  it('that is asked for during a reload is done once after it', async () => {
    const supervisor = await Supervised.create({ groups: TWO });
    await supervisor.start();
    supervisor.signal('SIGHUP');
    await supervisor.says(SERVES, 4); // the second replacement is under way
    supervisor.signal('SIGHUP');
    await supervisor.says(/^reload resolved$/, 2);
    await supervisor.says(SERVES, 6);
    expect(supervisor.served.filter(({ pid }) => isAlive(pid)).length).toBeGreaterThanOrEqual(2);
  });
});

describe('a supervised process', () => {
  it('that is sent a SIGTERM is replaced', async () => {
    const supervisor = await Supervised.create({ groups: TWO });
    await supervisor.start();
    const { pid, place } = supervisor.served[0]!;
    process.kill(pid, 'SIGTERM');
    await supervisor.says(/was sent a SIGTERM, and is replaced/);
    await supervisor.says(SERVES, 3);
    expect(supervisor.served[2]!.place).toBe(place);
    await gone([pid]);
  });

  it('is not stopped by a SIGINT, which a terminal sends to all at once', async () => {
    const supervisor = await Supervised.create({ groups: TWO });
    await supervisor.start();
    for (const { pid } of supervisor.served) process.kill(pid, 'SIGINT');
    expect(await supervisor.stop()).toBe(0);
    expect(supervisor.count(/ stops: /)).toBe(2);
    expect(supervisor.count(/ stops: The supervisor says so/)).toBe(2);
  });

  it('stops in order when its supervisor is killed', async () => {
    const supervisor = await Supervised.create({ groups: TWO });
    await supervisor.start();
    const pids = supervisor.served.map(({ pid }) => pid);
    // The supervisor alone, not its whole group.
    process.kill(supervisor.pid!, 'SIGKILL');
    await supervisor.says(/ stops: The supervisor is gone/, 2);
    await gone(pids);
  });
});
