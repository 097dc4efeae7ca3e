import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

const READY_PATIENCE_MS = 20_000;
const STOP_PATIENCE_MS = 5_000;
const LINES_IN_ERROR = 20;

export interface ProgramSetup {
  readonly program: string;
  readonly args: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
}

export interface ServerSetup extends ProgramSetup {
  /** The line by which it says that it works. */
  readonly ready: RegExp;
}

/** What a program that has ended has left. */
export interface Outcome {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that is not on this machine. */
export class ProgramMissingError extends Error {
  override readonly name = 'ProgramMissingError';
  constructor(
    readonly program: string,
    options: ErrorOptions,
  ) {
    super(`${program} cannot be started: it is not there`, options);
  }
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** A server under test. */
export interface RunningServer {
  readonly pid: number;
  readonly isRunning: boolean;
  /** The last of what it printed, for an error's text. */
  readonly lastWords: string;
}

/** The processes of a run, so that none outlives it. They are ended by their ids alone. */
export class Processes {
  readonly #children = new Set<Child>();
  #isClosing = false;

  /** Nothing is started any more. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Resolves when the server has said that it works. @throws ProgramMissingError when there is no such program */
  async start(setup: ServerSetup): Promise<RunningServer> {
    const { child, pid } = await this.#spawn(setup);
    const lines: string[] = [];
    const server: RunningServer = {
      pid,
      get isRunning() {
        return isRunning(child);
      },
      get lastWords() {
        return lines.slice(-LINES_IN_ERROR).join('\n');
      },
    };
    await ready(child, setup, lines);
    return server;
  }

  /** Runs a program to its end. @throws ProgramMissingError when there is no such program */
  async run(setup: ProgramSetup, timeoutMs: number): Promise<Outcome> {
    const { child } = await this.#spawn(setup);
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const closed = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    await closed;
    clearTimeout(timer);
    return { exitCode: child.exitCode, stdout, stderr };
  }

  /** Tells the server to end, makes it end when it does not, and resolves when it has. */
  async stop({ pid }: RunningServer): Promise<void> {
    await Promise.all([...this.#children].filter((child) => child.pid === pid).map(end));
  }

  /** Ends all, and starts none any more. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#children].map(end));
  }

  /** For `process.on('exit')`, where nothing can be awaited any more. */
  killAll(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  async #spawn({ program, args, variables }: ProgramSetup): Promise<{ child: Child; pid: number }> {
    if (this.#isClosing) throw new Error(`${program} is not started: the run is being ended`);
    const child = spawn(program, args, {
      env: { ...ownVariables(), NODE_ENV: 'production', NO_COLOR: '1', ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (child.pid === undefined) {
      const [cause] = (await once(child, 'error')) as [Error];
      throw new ProgramMissingError(program, { cause });
    }
    this.#children.add(child);
    child.once('close', () => this.#children.delete(child));
    return { child, pid: child.pid };
  }
}

/** Reads what the server prints for as long as it lives, or it would come to wait for a full pipe. */
async function ready(child: Child, { ready: pattern }: ServerSetup, lines: string[]): Promise<void> {
  const failure = (problem: string): Error =>
    new Error(`${child.spawnargs.join(' ')} ${problem}:\n${lines.slice(-LINES_IN_ERROR).join('\n')}`);
  let timer: NodeJS.Timeout | undefined;
  const said = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (lines.length > 10 * LINES_IN_ERROR) lines.splice(0, LINES_IN_ERROR);
        if (pattern.test(line)) resolve();
      });
    }
  });
  const late = new Promise<never>((_, reject) => {
    const expire = (): void => reject(failure(`has not said ${String(pattern)} in ${READY_PATIENCE_MS} ms`));
    timer = setTimeout(expire, READY_PATIENCE_MS);
  });
  const ended = once(child, 'close').then(() => Promise.reject(failure('has ended')));
  try {
    await Promise.race([said, late, ended]);
  } finally {
    clearTimeout(timer);
  }
}

async function end(child: Child): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS);
  await closed;
  clearTimeout(timer);
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

/** Of our own environment everything that is not about Nestwire. */
function ownVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('NESTWIRE_')));
}
