import { writeFileSync } from 'node:fs';
import type { CrowdCalls, CrowdSettings, Given, Result } from './commands.js';
import { flood } from './flood.js';
import { Member } from './member.js';

/** So many may be on their way to become clients at a time. */
const CONNECTING = 50;
/** How long a client may take to be welcomed: as long as a cluster may take to find itself. */
const WELCOME_PATIENCE_MS = 45_000;
/** How long those who leave wait for their last answers. */
const ANSWER_PATIENCE_MS = 30_000;
const TICK_MS = 5;
/** How often it is looked whether all have what they wait for. */
const LOOK_MS = 20;

type Promised = { [Name in keyof CrowdCalls]: (given: Given<Name>) => Promise<Result<Name>> | Result<Name> };

/** All clients of a process. */
export class Crowd implements Promised {
  readonly #members: Member[] = [];
  readonly #gone: Member[] = [];
  readonly #lookers = new Set<() => void>();
  #talking: NodeJS.Timeout | undefined;

  constructor(private readonly settings: CrowdSettings) {}

  async connect({ count }: Given<'connect'>): Promise<undefined> {
    const end = this.#members.length + count;
    const expected = [...this.#members];
    while (this.#members.length < end) {
      await this.#until(() => expected.filter(({ isReady }) => !isReady).length < CONNECTING);
      const number = this.settings.firstClient + this.#gone.length + this.#members.length;
      const member = new Member(this.settings, number, () => this.#look());
      this.#members.push(member);
      expected.push(member);
    }
    await this.#until(() => expected.every(({ isReady }) => isReady));
    return undefined;
  }

  /** Spread evenly: in each tick those whose turn it is by then. */
  talk({ perSecond }: Given<'talk'>): undefined {
    const startMs = performance.now();
    let turns = 0;
    clearInterval(this.#talking);
    this.#talking = setInterval(() => {
      const due = ((performance.now() - startMs) / 1_000) * perSecond * this.#members.length;
      for (; turns < due; turns++) {
        const member = this.#members[turns % this.#members.length];
        if (member?.isReady === true) member.present.count();
      }
    }, TICK_MS);
    return undefined;
  }

  async hush({ patienceMs }: Given<'hush'>): Promise<Result<'hush'>> {
    clearInterval(this.#talking);
    const waiting = (): Member[] => this.#members.filter(isWaiting);
    const endMs = performance.now() + patienceMs;
    while (waiting().length > 0 && performance.now() < endMs) await nap(LOOK_MS);
    return { waiting: waiting().length };
  }

  stall({ count }: Given<'stall'>): undefined {
    for (const { present } of this.#members.slice(-count)) present.pause();
    return undefined;
  }

  revive({ count }: Given<'revive'>): undefined {
    for (const { present } of this.#members.slice(-count)) present.resume();
    return undefined;
  }

  async leave({ count }: Given<'leave'>): Promise<undefined> {
    const leaving = this.#members.splice(0, count);
    this.#gone.push(...leaving);
    const endMs = performance.now() + ANSWER_PATIENCE_MS;
    // Without an answer that is missing it goes too: that it is missing will be told.
    while (leaving.some(isWaiting) && performance.now() < endMs) await nap(LOOK_MS);
    for (const member of leaving) member.leave();
    await this.#until(() => leaving.every(({ present }) => !present.isOpen));
    return undefined;
  }

  async flood(given: Given<'flood'>): Promise<Result<'flood'>> {
    return flood(given);
  }

  report({ file }: Given<'report'>): undefined {
    const conversations = [...this.#gone, ...this.#members].flatMap((member) => member.conversations);
    writeFileSync(file, JSON.stringify(conversations.map(({ record }) => record)));
    return undefined;
  }

  #look(): void {
    for (const look of this.#lookers) look();
  }

  async #until(condition: () => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const finish = (action: () => void): void => {
        clearTimeout(timer);
        this.#lookers.delete(look);
        action();
      };
      const look = (): void => {
        if (condition()) finish(resolve);
      };
      const complain = (): void => {
        const missing = this.#members.filter(({ isReady }) => !isReady);
        const ends = missing.map(({ present }) => present.record.ending?.code ?? 'open').slice(0, 10);
        reject(
          new Error(
            `${missing.length} of ${this.#members.length} clients are not ready after ${WELCOME_PATIENCE_MS} ms: ${ends.join(', ')}`,
          ),
        );
      };
      const timer = setTimeout(() => finish(complain), WELCOME_PATIENCE_MS);
      this.#lookers.add(look);
      look();
    });
  }
}

function isWaiting({ present }: Member): boolean {
  return present.isOpen && !present.isAnswered;
}

async function nap(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
