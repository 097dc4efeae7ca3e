import type { GatewayModuleOptions } from '#gateway';
import { freePort } from '../../../bench/suite/free-port.js';
import type { SeededRandom } from '../../../libs/testing/src/index.js';
import type { WorkerModuleOptions } from '../../../src/index.js';
import { ScenarioGateway } from './scenario-gateway.js';
import { ScenarioProcess } from './scenario-process.js';
import { spread } from './times.js';
import { WorkerSlot, type WorkerLife } from './worker-slot.js';

export interface ClusterPlan {
  /** @default 1 */
  readonly registers?: number;
  /** @default 2 */
  readonly gateways?: number;
  /** @default 3 */
  readonly workers?: number;
  /** What differs from the defaults at every gateway. */
  readonly gateway?: GatewayModuleOptions;
  /** The same at every worker. */
  readonly worker?: WorkerModuleOptions;
  /** Longest time that one of five messages takes to be handled. @default 20 */
  readonly slowestMs?: number;
  /**
   * Stands between the workers and a gateway: told the port on which the gateway will listen, it says on which port workers find it.
   */
  readonly between?: (lanPort: number) => Promise<number>;
}

/** Registers, gateways and workers as processes, each on ports of its own. */
export class ScenarioCluster {
  readonly registers: ScenarioProcess[] = [];
  readonly gateways: ScenarioGateway[] = [];
  readonly slots: WorkerSlot[] = [];
  readonly #past: ScenarioProcess[] = [];
  readonly #registerPorts: number[] = [];

  private constructor() {}

  /** All of them, and each gateway sends events to each worker. */
  static async start(plan: ClusterPlan, folder: string, seed: number): Promise<ScenarioCluster> {
    const cluster = new ScenarioCluster();
    try {
      await cluster.#start(plan, folder, seed);
    } catch (error) {
      await cluster.abandon();
      throw error;
    }
    return cluster;
  }

  get urls(): readonly string[] {
    return this.gateways.map(({ ws }) => ws);
  }

  /** The present life of each worker. */
  get workers(): readonly WorkerLife[] {
    return this.slots.map(({ present }) => present);
  }

  /** Every life of every worker. */
  get workerLives(): readonly WorkerLife[] {
    return this.slots.flatMap(({ lives }) => lives);
  }

  /** Every process that there ever was. */
  get everyLife(): readonly ScenarioProcess[] {
    return [...this.#past, ...this.registers, ...this.gateways, ...this.workerLives];
  }

  /** All registers are gone without a word. */
  async killRegisters(): Promise<void> {
    await Promise.all(this.registers.map((register) => register.kill()));
  }

  /** All registers are back, empty, where they were. */
  async startRegisters(): Promise<void> {
    this.#past.push(...this.registers.splice(0));
    this.registers.push(...this.#registerPorts.map((port, index) => registerOn(port, index)));
    await Promise.all(this.registers.map((register) => register.start()));
  }

  /** One of the workers that run crashes, also one that is just stopping, and another one takes its place. */
  async crashAWorker(random: SeededRandom): Promise<void> {
    const running = this.slots.flatMap((slot) =>
      slot.lives.filter(({ isRunning }) => isRunning).map((life) => ({ slot, life })),
    );
    const { slot, life } = random.pick(running);
    await slot.crash(life);
  }

  /** Every worker is replaced so many times, one at a time, spread over so long. */
  async rollWorkers(times: number, forMs: number): Promise<void> {
    let turn = 0;
    await spread(times * this.slots.length, forMs, () => this.slots[turn++ % this.slots.length]!.roll());
  }

  /** Each gateway sends events to each worker. */
  async linked(): Promise<void> {
    const running = this.gateways.filter(({ isRunning }) => isRunning);
    const workers = this.workers.filter(({ isRunning }) => isRunning).length;
    await Promise.all(running.map((gateway) => gateway.hasWorkers(workers)));
  }

  /** Tells all that run to stop, gateways first. @returns what was not as it should be, of every process that there ever was */
  async end(): Promise<readonly string[]> {
    const lives = this.everyLife.filter(({ fate }) => fate === 'runs');
    const faultsBefore = this.everyLife.flatMap(({ faults }) => faults);
    const rank = (life: ScenarioProcess): number =>
      life instanceof ScenarioGateway ? 0 : this.registers.includes(life) ? 2 : 1;
    for (const turn of [0, 1, 2]) {
      await Promise.all(
        lives.filter((life) => life.isRunning && rank(life) === turn).map((life) => life.stop()),
      );
    }
    return [...new Set([...faultsBefore, ...this.everyLife.flatMap(({ faults }) => faults)])];
  }

  /** Ends what runs, at once. */
  async abandon(): Promise<void> {
    await Promise.all(this.everyLife.filter(({ isRunning }) => isRunning).map((life) => life.kill()));
  }

  async #start(plan: ClusterPlan, folder: string, seed: number): Promise<void> {
    const { registers = 1, gateways = 2, workers = 3, slowestMs = 20 } = plan;
    for (let index = 0; index < registers; index++) {
      const port = await freePort();
      this.#registerPorts.push(port);
      this.registers.push(registerOn(port, index));
    }
    const variables = {
      NESTWIRE_REGISTER: this.#registerPorts.map((port) => `127.0.0.1:${port}`).join(','),
    };
    for (let index = 0; index < gateways; index++) {
      this.gateways.push(await this.#gateway(index, variables, plan));
    }
    const settings = { seed, slowestMs, options: plan.worker ?? {} };
    for (let number = 1; number <= workers; number++) {
      this.slots.push(new WorkerSlot(number, { folder, variables, settings }));
    }
    await Promise.all([...this.registers, ...this.gateways].map((service) => service.start()));
    await Promise.all(this.slots.map((slot) => slot.start()));
    await this.linked();
  }

  async #gateway(
    index: number,
    variables: Record<string, string>,
    plan: ClusterPlan,
  ): Promise<ScenarioGateway> {
    const lan = await freePort();
    const advertised = await plan.between?.(lan);
    return new ScenarioGateway(
      `gateway ${index + 1}`,
      { lan, ws: await freePort(), advertised: advertised ?? lan },
      variables,
      plan.gateway ?? {},
    );
  }
}

function registerOn(port: number, index: number): ScenarioProcess {
  return new ScenarioProcess(`register ${index + 1}`, 'apps/register/src/main.js', {
    NESTWIRE_REGISTER: `127.0.0.1:${port}`,
  });
}
