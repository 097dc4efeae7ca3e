import type { GatewayModuleOptions } from '#gateway';
import type { GatewayProbe } from '../app/gateway/gateway-probe.js';
import type { ProcessProbe } from '../app/probe.js';
import type { Absence } from './absences.js';
import type { JudgedLife } from './journals.js';
import { ScenarioProcess } from './scenario-process.js';

const WORKERS = /takes (?:no more )?events.*\bworkers: (\d+)/;
/** When, by the clock that all processes share, and which worker. */
const TAKES = / - (\d+) .*Worker (worker [\d.]+) \(.*\) takes (no more )?events/;
/** Behind its end: it was not done with all that it had. Who was, and left in order, was not given up. */
const GIVEN_UP = /Events that Worker (worker [\d.]+) \(.*was not done with/;

export interface GatewayPorts {
  readonly lan: number;
  readonly ws: number;
  /** Where workers find it. */
  readonly advertised: number;
}

export class ScenarioGateway extends ScenarioProcess {
  /** Where clients find it. */
  readonly ws: string;

  constructor(
    name: string,
    { lan, ws, advertised }: GatewayPorts,
    variables: Readonly<Record<string, string>>,
    options: GatewayModuleOptions,
  ) {
    super(
      name,
      'test/faults/app/gateway/main.js',
      {
        ...variables,
        NESTWIRE_LAN: `127.0.0.1:${lan}`,
        NESTWIRE_ADVERTISE: `127.0.0.1:${advertised}`,
        NESTWIRE_LISTEN: `ws://127.0.0.1:${ws}`,
      },
      JSON.stringify(options),
    );
    this.ws = `ws://127.0.0.1:${ws}`;
  }

  async hasWorkers(count: number): Promise<void> {
    const workers = (): number =>
      Number(this.recentLines.findLast((line) => WORKERS.test(line))?.match(WORKERS)?.[1] ?? 0);
    await this.until(() => workers() === count, `that it has ${count} workers`);
  }

  /** The times from which it took nothing any more of a worker that it had given up, until that one took events anew. */
  get absences(): readonly Absence[] {
    const absences: Absence[] = [];
    const endsMs = new Map<string, number>();
    const open = new Map<string, number>();
    for (const line of this.lines) {
      const [, givenUp] = GIVEN_UP.exec(line) ?? [];
      if (givenUp !== undefined) {
        const isOf = ({ name }: JudgedLife): boolean => name === givenUp;
        open.set(givenUp, absences.push({ isOf, gatewayUrl: this.ws, fromMs: endsMs.get(givenUp)! }) - 1);
      }
      const [, atUs, worker, isEnd] = TAKES.exec(line) ?? [];
      if (worker === undefined) continue;
      const atMs = Number(atUs) / 1_000;
      const index = open.get(worker);
      if (isEnd !== undefined) endsMs.set(worker, atMs);
      else if (index !== undefined) absences[index] = { ...absences[index]!, untilMs: atMs };
      open.delete(worker);
    }
    return absences;
  }

  /** What it says of itself. */
  async probe(): Promise<ProcessProbe & GatewayProbe> {
    return this.probed<GatewayProbe>();
  }
}
