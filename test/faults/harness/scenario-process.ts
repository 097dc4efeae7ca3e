import { readFileSync } from 'node:fs';
import { inject } from 'vitest';
import { ServiceProcess } from '../../e2e/service-process.js';
import { PROBE_LINE, type ProcessProbe } from '../app/probe.js';
import type { ProcessorTimes } from './processor-watch.js';

const STARTED = /Nest microservice successfully started/;

const PAGE_BYTES = 4_096;

/** How a process of a scenario is to end. */
type Fate = 'runs' | 'stopped' | 'killed';

/** One life of a service. It does what it is told to, and the scenario fails when it ends in another way. */
export class ScenarioProcess extends ServiceProcess {
  #fate: Fate = 'runs';
  #isFrozen = false;
  readonly #surprises: string[] = [];

  /** @param args of its main module */
  constructor(
    name: string,
    main: string,
    variables: Readonly<Record<string, string>>,
    ...args: readonly string[]
  ) {
    super({
      name,
      folder: inject('checkout'),
      command: [
        process.execPath,
        '--enable-source-maps',
        '--expose-gc',
        '--unhandled-rejections=strict',
        `dist/${main}`,
        ...args,
      ],
      variables,
      ready: STARTED,
    });
  }

  get fate(): Fate {
    return this.#fate;
  }

  get wasKilled(): boolean {
    return this.#fate === 'killed';
  }

  override async kill(): Promise<void> {
    this.#noteUnexpectedEnd();
    this.#fate = 'killed';
    await super.kill();
  }

  override async stop(): Promise<number | null> {
    this.#noteUnexpectedEnd();
    this.#fate = 'stopped';
    this.thaw();
    const code = await super.stop();
    if (code !== 0 && !this.wasKilled)
      this.#surprises.push(`${this.name}: ended with ${code} when it was told to stop`);
    return code;
  }

  /** It does nothing any more, and the system keeps all that it has. */
  freeze(): void {
    if (this.pid === undefined) return;
    this.#isFrozen = true;
    process.kill(this.pid, 'SIGSTOP');
  }

  thaw(): void {
    if (!this.#isFrozen || this.pid === undefined) return;
    this.#isFrozen = false;
    process.kill(this.pid, 'SIGCONT');
  }

  /** The memory that it takes, as the system counts it. */
  get residentBytes(): number {
    const pages = Number(readFileSync(`/proc/${this.pid}/statm`, 'utf8').split(' ')[1]);
    return pages * PAGE_BYTES;
  }

  /** As the system counts them. */
  get processorTimes(): ProcessorTimes {
    const [ranNs, waitedNs] = readFileSync(`/proc/${this.pid}/schedstat`, 'utf8').split(' ').map(Number);
    return { ranMs: ranNs! / 1e6, waitedMs: waitedNs! / 1e6 };
  }

  /** What it says of itself when it is asked. */
  protected async probed<OfItsOwn>(): Promise<ProcessProbe & OfItsOwn> {
    const from = this.lines.length;
    const answer = (): string | undefined =>
      this.lines.slice(from).find((line) => line.startsWith(PROBE_LINE));
    process.kill(this.pid!, 'SIGUSR2');
    await this.until(() => answer() !== undefined, 'what it is asked for');
    return JSON.parse(answer()!.slice(PROBE_LINE.length)) as ProcessProbe & OfItsOwn;
  }

  /** Everything that was not as it should be. Of one that is to run: also that it does not. */
  get faults(): readonly string[] {
    if (this.#fate === 'runs') this.#noteUnexpectedEnd();
    return [...this.#surprises, ...this.complaints];
  }

  #noteUnexpectedEnd(): void {
    if (this.#fate !== 'runs' || this.isRunning) return;
    const lastWords = this.lines.slice(-20).join('\n');
    this.#surprises.push(`${this.name}: ended although nobody told it to:\n${lastWords}`);
  }
}
