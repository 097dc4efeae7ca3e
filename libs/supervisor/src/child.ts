import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { ProcessNotReadyError, ProcessStartError, type Exit } from './errors.js';
import { asProcessMessage, type ProcessMessage, type SupervisorMessage } from './process-messages.js';
import type { SupervisorLog } from './supervisor-log.js';

/**
 * ```
 * starting ──► ready ──► stopping ──► ended
 * ```
 * with a way to the end from each of them, and from `starting` to `stopping`.
 */
export type ChildState = 'starting' | 'ready' | 'stopping' | 'ended';

const NEXT: Readonly<Record<ChildState, readonly ChildState[]>> = {
  starting: ['ready', 'stopping', 'ended'],
  ready: ['stopping', 'ended'],
  stopping: ['ended'],
  ended: [], // who comes after it is a new Child, so late events of this one have nothing to act on
};

export interface ChildSetup {
  /** How the log calls it. */
  readonly label: string;
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly readyTimeoutMs: number;
  readonly stopTimeoutMs: number;
}

export interface ChildHandler {
  ready(child: Child, facts: unknown): void;
  /** It was sent a SIGTERM by somebody else, and waits for what we say. */
  terminated(child: Child): void;
  /** The last that is heard of it. */
  ended(child: Child, exit: Exit): void;
}

/** One life of one process. */
export class Child {
  /** Resolves when it is ready; rejects with a ProcessStartError or a ProcessNotReadyError. Nobody has to look. */
  readonly ready: Promise<void>;
  readonly ended: Promise<Exit>;
  readonly #worker: Worker;
  #state: ChildState = 'starting';
  #readyAtMs = 0;
  #isStopped = false;
  #settleReady!: (error?: Error) => void;
  #readyTimer: NodeJS.Timeout | undefined;
  #killTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly setup: ChildSetup,
    private readonly log: SupervisorLog,
    private readonly handler: ChildHandler,
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = (error) => (error === undefined ? resolve() : reject(error));
    });
    this.ready.catch(() => undefined); // `ended` is told as well, and nobody need wait for this one
    this.#worker = fork(setup);
    this.ended = new Promise((resolve) => {
      const onEnd = (exit: Exit, cause?: Error): void => {
        if (this.#state !== 'ended') resolve(this.#onEnd(exit, cause));
      };
      this.#worker.on('exit', (code, signal) => onEnd({ code, signal: signal as NodeJS.Signals | null }));
      this.#worker.on('error', (error) => {
        // Without a process there is no exit to wait for. Anything else is about its channel, and its exit follows.
        if (this.pid === undefined) onEnd({ code: null, signal: null }, error);
      });
    });
    this.#worker.on('message', (message: unknown) => this.#onMessage(asProcessMessage(message)));
    if (setup.readyTimeoutMs > 0) {
      this.#readyTimer = setTimeout(() => this.#onNotReady(), setup.readyTimeoutMs);
    }
  }

  get state(): ChildState {
    return this.#state;
  }

  /** Whether it was told to end. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  get pid(): number | undefined {
    return this.#worker.process.pid;
  }

  /** `gateway 2/4 (pid 4711)`. */
  get name(): string {
    return `${this.setup.label} (pid ${this.pid ?? 'none'})`;
  }

  /** How long it has been ready; 0 when it never was. */
  get readyForMs(): number {
    return this.#readyAtMs === 0 ? 0 : performance.now() - this.#readyAtMs;
  }

  /** Asks it to finish and end, and ends it when it does not. May be called any number of times; each resolves at its end. */
  stop(): Promise<Exit> {
    if (this.#state === 'starting' || this.#state === 'ready') {
      this.#transition('stopping');
      this.#isStopped = true;
      clearTimeout(this.#readyTimer);
      this.#ask();
      const { stopTimeoutMs } = this.setup;
      if (stopTimeoutMs > 0) this.#killTimer = setTimeout(() => this.#kill(), stopTimeoutMs);
    }
    return this.ended;
  }

  /** The message for a `SupervisedProcess`, which asks back at a SIGTERM; the signal for any other program. */
  #ask(): void {
    const message: SupervisorMessage = { nestwire: 'stop' };
    // One that just ended cannot be told, and need not: with a callback that is no error event.
    if (this.#worker.isConnected()) this.#worker.send(message, () => undefined);
    this.#worker.process.kill('SIGTERM');
  }

  #kill(): void {
    this.log.warn(
      `${this.name} has not ended in ${this.setup.stopTimeoutMs} ms after SIGTERM, and is ended with SIGKILL`,
    );
    this.#worker.process.kill('SIGKILL');
  }

  #onMessage(message: ProcessMessage | undefined): void {
    if (message?.nestwire === 'ready' && this.#state === 'starting') {
      this.#transition('ready');
      clearTimeout(this.#readyTimer);
      this.#readyAtMs = performance.now();
      this.handler.ready(this, message.facts);
      this.#settleReady();
    } else if (message?.nestwire === 'terminated' && this.#state !== 'stopping') {
      this.handler.terminated(this);
    }
  }

  #onNotReady(): void {
    const error = new ProcessNotReadyError(this.setup.label, this.setup.readyTimeoutMs);
    this.log.error(error.message, { code: error.code });
    this.#settleReady(error);
    void this.stop();
  }

  #onEnd(exit: Exit, cause?: Error): Exit {
    this.#transition('ended');
    clearTimeout(this.#readyTimer);
    clearTimeout(this.#killTimer);
    this.#settleReady(new ProcessStartError(this.setup.label, exit, cause));
    this.handler.ended(this, exit);
    return exit;
  }

  #transition(to: ChildState): void {
    if (!NEXT[this.#state].includes(to)) {
      throw new TypeError(`${this.name} cannot go from ${this.#state} to ${to}`);
    }
    this.#state = to;
  }
}

function fork({ file, environment }: ChildSetup): Worker {
  // These settings are the whole process's; each fork sets them anew, so that groups do not get each other's.
  cluster.setupPrimary({ exec: file.startsWith('file:') ? fileURLToPath(file) : file });
  return cluster.fork(environment);
}
