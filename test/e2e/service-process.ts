import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const PATIENCE_MS = 15_000;
const LINES_IN_ERROR = 25;
/** What no service may ever log. */
const COMPLAINT = /unhandled|uncaught|deprecat|possible EventEmitter memory leak| ERROR /i;

type Exit = [code: number | null, signal: NodeJS.Signals | null];

export interface ServiceSetup {
  readonly name: string;
  /** Where it is started. */
  readonly folder: string;
  readonly command: readonly [program: string, ...args: string[]];
  readonly variables: Readonly<Record<string, string>>;
  /** The line by which it says that it works. */
  readonly ready: RegExp;
}

/** One service as a process of its own, over any number of lives. Its log is all that is known of it. */
export class ServiceProcess {
  /** Of all its lives. */
  readonly lines: string[] = [];
  #child: ChildProcess | undefined;
  #exited: Promise<number | null> = Promise.resolve(0);
  /** The first line of the present life. */
  #lifeFrom = 0;
  readonly #onNews = new Set<() => void>();
  /** Those that the present life was sent. */
  readonly #signals = new Set<NodeJS.Signals>();
  readonly #surprises: string[] = [];

  constructor(private readonly setup: ServiceSetup) {}

  get name(): string {
    return this.setup.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Lines of the present life. */
  get recentLines(): readonly string[] {
    return this.lines.slice(this.#lifeFrom);
  }

  /** What must not be in its log, and ends that nobody asked for. */
  get complaints(): readonly string[] {
    return [...this.#surprises, ...this.lines.filter((line) => COMPLAINT.test(line))].map(
      (line) => `${this.name}: ${line}`,
    );
  }

  /** Resolves when it has said that it works. */
  async start(): Promise<void> {
    this.launch();
    await this.ready();
  }

  async ready(): Promise<void> {
    const { ready } = this.setup;
    await this.until(() => this.recentLines.some((line) => ready.test(line)), `"${ready.source}"`);
  }

  /** Starts it and waits for nothing. */
  launch(): void {
    if (this.#child !== undefined) throw new Error(`${this.name} runs already`);
    const { command, folder, variables } = this.setup;
    const [program, ...args] = command;
    this.#lifeFrom = this.lines.length;
    this.#signals.clear();
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...ownVariables(), ...variables, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that a package script ends together with what it has started.
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => this.#onLine(line));
    }
    this.#child = child;
    this.#exited = once(child, 'close').then((exit) => this.#onExit(child, exit as Exit));
  }

  /** Ends it without a warning, as a crash does. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#exited;
  }

  /** Tells it to stop. @returns its exit code */
  async stop(): Promise<number | null> {
    this.#signal('SIGTERM');
    return this.exitCode();
  }

  /** Resolves when it has ended by itself, or because it was told to. */
  async exitCode(): Promise<number | null> {
    const timer = setTimeout(() => {
      this.#surprises.push(`did not end in ${PATIENCE_MS} ms, and was killed`);
      this.#signal('SIGKILL');
    }, PATIENCE_MS);
    const code = await this.#exited;
    clearTimeout(timer);
    return code;
  }

  /** Looks at each new line whether `condition` holds. */
  async until(condition: () => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const finish = (action: () => void): void => {
        clearTimeout(timer);
        this.#onNews.delete(look);
        action();
      };
      const look = (): void => {
        if (condition()) finish(resolve);
        else if (!this.isRunning) finish(() => reject(this.#error(`ended before ${what}`)));
      };
      const timer = setTimeout(
        () => finish(() => reject(this.#error(`has not said ${what} in ${PATIENCE_MS} ms`))),
        PATIENCE_MS,
      );
      this.#onNews.add(look);
      look();
    });
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    this.#signals.add(signal);
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // It has just ended by itself.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    this.#child = signal === 'SIGKILL' ? undefined : this.#child;
  }

  #onLine(line: string): void {
    this.lines.push(line);
    for (const look of this.#onNews) look();
  }

  #onExit(child: ChildProcess, [code, signal]: Exit): number | null {
    // npm ends by the signal that it passes on; a service of ours has its own exit code to tell.
    if (signal !== null && !this.#signals.has(signal)) this.#surprises.push(`was ended by ${signal}`);
    if (this.#child === child) this.#child = undefined;
    for (const look of this.#onNews) look();
    return code;
  }

  #error(problem: string): Error {
    return new Error(`${this.name} ${problem}:\n${this.lines.slice(-LINES_IN_ERROR).join('\n')}`);
  }
}

/** Of our own environment everything that is not about Nestwire. */
function ownVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NESTWIRE_')));
}
