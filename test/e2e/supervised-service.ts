import { inject } from 'vitest';
import { freePort } from '../../bench/suite/free-port.js';
import { ServiceProcess } from './service-process.js';

const READY = /(\w+ \d+\/\d+) \(pid (\d+)\) is ready/;

/** A service as several processes: its supervisor, and those that the supervisor has told of. */
export class SupervisedService extends ServiceProcess {
  /** @param last the process that is ready last at the start, such as `worker 2/2` */
  constructor(name: string, main: string, last: string, variables: Readonly<Record<string, string>>) {
    super({
      name,
      folder: inject('checkout'),
      command: [process.execPath, '--enable-source-maps', `dist/${main}`],
      variables: { NESTWIRE_PROCESSES: '2', ...variables },
      ready: new RegExp(`${last} \\(pid \\d+\\) is ready`),
    });
  }

  /** Every process that was ever ready, in order. */
  get pids(): readonly number[] {
    return this.#readied().map(([, pid]) => pid);
  }

  /** Who holds this place now, such as `gateway 1/2`. */
  pidOf(place: string): number {
    return this.#readied().findLast(([label]) => label === place)![1];
  }

  /** To the supervisor alone. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid!, signal);
  }

  /** To the supervisor and its processes at once, as terminals and some service managers do it. */
  signalAll(signal: NodeJS.Signals): void {
    process.kill(-this.pid!, signal);
  }

  async readied(count: number): Promise<void> {
    await this.until(() => this.pids.length >= count, `of ${count} processes that they are ready`);
  }

  async reloaded(): Promise<void> {
    await this.until(() => this.lines.some((line) => /\bReloaded\b/.test(line)), 'that it has reloaded');
  }

  #readied(): [place: string, pid: number][] {
    return this.lines.flatMap((line) => {
      const [, place, pid] = READY.exec(line) ?? [];
      return place === undefined ? [] : [[place, Number(pid)] as [string, number]];
    });
  }
}

/** The first of so many ports in a row that nobody listens on. */
export async function freePorts(count: number): Promise<number> {
  let [first, last] = [0, -1];
  while (last - first !== count - 1) {
    const port = await freePort();
    if (port !== last + 1) first = port;
    last = port;
  }
  return first;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
