import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import type {
  CrowdCallName,
  CrowdRequest,
  CrowdResponse,
  CrowdSettings,
  Given,
  Result,
} from '../app/clients/commands.js';
import type { ConversationRecord } from '../app/clients/records.js';

/** What must be told of clients. */
export type CrowdPlan = Pick<CrowdSettings, 'urls'> & Partial<CrowdSettings>;

type Settle = (response: CrowdResponse) => void;

/** Clients in a process of their own, so that neither they nor the test slow each other down. */
export class CrowdProcess {
  readonly #open = new Map<number, Settle>();
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #lastId = 0;
  #isClosing = false;
  readonly #faults: string[] = [];

  private constructor(
    readonly name: string,
    private readonly folder: string,
    settings: CrowdSettings,
  ) {
    this.#child = fork(
      join(inject('checkout'), 'dist/test/faults/app/clients/main.js'),
      [JSON.stringify(settings)],
      {
        execArgv: ['--enable-source-maps', '--unhandled-rejections=strict'],
      },
    );
    this.#exited = once(this.#child, 'exit').then(([code, signal]) => {
      if (this.#isClosing && (code === 0 || signal === 'SIGKILL')) return;
      const error = `${this.name} ended with ${String(code ?? signal)}`;
      this.#faults.push(error);
      for (const [id, settle] of this.#open) settle({ id, error });
    });
    this.#child.on('message', (response: CrowdResponse) => this.#open.get(response.id)?.(response));
  }

  static async start(name: string, folder: string, settings: CrowdSettings): Promise<CrowdProcess> {
    const crowd = new CrowdProcess(name, folder, settings);
    await once(crowd.#child, 'spawn');
    return crowd;
  }

  /** @throws with what went wrong there */
  call<Name extends CrowdCallName>(name: Name, given: Given<Name>): Promise<Result<Name>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#open.set(id, ({ result, error }) => {
        this.#open.delete(id);
        if (error === undefined) resolve(result as Result<Name>);
        else reject(new Error(`${this.name}: ${name} failed: ${error}`));
      });
      const request: CrowdRequest = { id, name, given };
      this.#child.send(request);
    });
  }

  /** Everything that its clients saw so far. */
  async conversations(): Promise<readonly ConversationRecord[]> {
    const file = join(this.folder, `${this.name.replaceAll(' ', '-')}.json`);
    await this.call('report', { file });
    return JSON.parse(readFileSync(file, 'utf8')) as ConversationRecord[];
  }

  /** An end that it was not told to, or with an error. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** Its clients go without a goodbye. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
  }

  async kill(): Promise<void> {
    this.#isClosing = true;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
