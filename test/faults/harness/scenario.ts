import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { SeededRandom } from '../../../libs/testing/src/index.js';
import type { ServiceProcess } from '../../e2e/service-process.js';
import type { ConversationRecord } from '../app/clients/records.js';
import { CrowdProcess, type CrowdPlan } from './crowd-process.js';
import { judged, type Evidence, type Judgement } from './judged.js';
import { listMemberships, listUntilEmpty } from './listing.js';
import { ScenarioCluster, type ClusterPlan } from './scenario-cluster.js';

/** How long a scenario disturbs a cluster that works, where `SCENARIO_SECONDS` does not say. */
const SHORT_SECONDS = 10;
/** What the issue asks for. */
const LONG_SECONDS = 60;
const OVERHEAD_SECONDS = 180;
/** How long the last answers may take when the trouble is over: they may be late, and must not be missing. */
const ANSWER_PATIENCE_MS = 60_000;

/** How long the scenario's trouble lasts: `SCENARIO_SECONDS`, or 10 s. */
export function scenarioSeconds(): number {
  const text = process.env['SCENARIO_SECONDS'] ?? '';
  if (text.trim() === '') return SHORT_SECONDS;
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 1) {
    throw new RangeError(`SCENARIO_SECONDS must be a number of seconds from 1 on, not "${text}"`);
  }
  return seconds;
}

/** What differs between the short form, which runs with every change, and the long one. */
export function scaled<Value>(short: Value, long: Value): Value {
  return scenarioSeconds() >= LONG_SECONDS ? long : short;
}

/** A limit for the whole test: so many times the trouble, and what is before and after it, on a machine that has much else to do. */
export function timeLimit(times = 1): number {
  return (scenarioSeconds() * times + OVERHEAD_SECONDS) * 1_000;
}

/** What differs from a run in which nothing but workers dies. */
export type Allowances = Pick<Evidence, 'isCutOff'>;

/**
 * One run: a cluster, its clients, a seed, and a folder for everything that is written. The folder stays when the test fails, and where it is and
 * how to run it again is printed.
 */
export class Scenario {
  /** Everything that is left to chance comes from here. */
  readonly random = SeededRandom.of(process.env['SCENARIO_SEED']);
  readonly seconds = scenarioSeconds();
  readonly folder: string;
  readonly crowds: CrowdProcess[] = [];
  readonly #afterwards: (() => Promise<unknown>)[] = [];
  #cluster: ScenarioCluster | undefined;

  private constructor(readonly name: string) {
    const parent = join(tmpdir(), 'nestwire-scenarios');
    mkdirSync(parent, { recursive: true });
    this.folder = mkdtempSync(join(parent, `${name}-${this.random.seed}-`));
  }

  /** Within a test: what it starts is ended with the test. */
  static async begin(name: string, plan: ClusterPlan): Promise<Scenario> {
    const scenario = new Scenario(name);
    scenario.say(`SCENARIO_SEED=${scenario.random.seed} SCENARIO_SECONDS=${scenario.seconds}`);
    onTestFinished(async ({ task }) => {
      await scenario.#abandon();
      if (task.result?.state === 'fail') scenario.#keep();
      else rmSync(scenario.folder, { recursive: true, force: true });
    });
    scenario.#cluster = await ScenarioCluster.start(plan, scenario.folder, scenario.random.fork().seed);
    return scenario;
  }

  get cluster(): ScenarioCluster {
    if (this.#cluster === undefined) throw new Error('The cluster has not started');
    return this.#cluster;
  }

  /** Done when the test has finished, however it did. */
  afterwards(action: () => Promise<unknown>): void {
    this.#afterwards.push(action);
  }

  /** Clients in a process of their own. */
  async crowd(plan: CrowdPlan): Promise<CrowdProcess> {
    const crowd = await CrowdProcess.start(`clients ${this.crowds.length + 1}`, this.folder, {
      firstClient: 1 + this.crowds.length * 100_000,
      rooms: 10,
      groups: [],
      reconnects: false,
      ...plan,
    });
    this.crowds.push(crowd);
    return crowd;
  }

  /**
   * The end of a run: the clients stop talking and get their last answers, the cluster says who is where, the clients say goodbye, and everything ends in
   * order.
   */
  async conclude(
    crowd: CrowdProcess,
    allowances: Allowances = {},
  ): Promise<Judgement & { readonly conversations: readonly ConversationRecord[] }> {
    await crowd.call('hush', { patienceMs: ANSWER_PATIENCE_MS });
    // Who was given up a moment ago is on its way back, and whoever is asked asks all gateways.
    await this.cluster.linked();
    const { ws } = this.cluster.gateways.find(({ isRunning }) => isRunning)!;
    const stay = { listing: await listMemberships(ws), conversations: await crowd.conversations() };
    await crowd.call('leave', { count: Number.MAX_SAFE_INTEGER });
    const left = await listUntilEmpty(ws);
    const conversations = await crowd.conversations();
    await this.end();
    const { workerLives: lives, gateways } = this.cluster;
    const judgement = judged({
      lives,
      conversations,
      stay,
      left,
      absences: gateways.flatMap((gateway) => gateway.absences),
      ...allowances,
    });
    this.say(JSON.stringify(judgement.counts));
    return { ...judgement, conversations };
  }

  /** Ends everything in order, and fails for a process that did not end as it was told to, or that complained. */
  async end(): Promise<void> {
    await Promise.all(this.crowds.map((crowd) => crowd.close()));
    const crowdFaults = this.crowds.flatMap(({ faults }) => faults);
    const unexpected = [...crowdFaults, ...(await this.cluster.end())];
    expect(unexpected, 'processes that did not end as they should, or complained').toEqual([]);
  }

  get #processes(): readonly ServiceProcess[] {
    return this.#cluster?.everyLife ?? [];
  }

  /** After a failure there may be anything left. */
  async #abandon(): Promise<void> {
    await Promise.all([...this.crowds.map((crowd) => crowd.kill()), this.#cluster?.abandon()]);
    for (const action of this.#afterwards) await action();
  }

  #keep(): void {
    for (const { name, lines } of this.#processes) {
      writeFileSync(join(this.folder, `${name.replaceAll(/\W+/g, '-')}.log`), `${lines.join('\n')}\n`);
    }
    this.say(`failed. Its logs are in ${this.folder}`);
    this.say(
      `again: SCENARIO_SEED=${this.random.seed} SCENARIO_SECONDS=${this.seconds} npx vitest run test/faults/${this.name}.spec.ts`,
    );
  }

  /** On the terminal: what somebody who looks at a failed run wants to know. */
  say(what: string): void {
    process.stdout.write(`Scenario ${this.name}: ${what}\n`);
  }
}
