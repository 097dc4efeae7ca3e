import type { GatewayModuleOptions } from '#gateway';
import type { GatewayProbe } from '../app/gateway/gateway-probe.js';
import type { ProcessProbe } from '../app/probe.js';
import { nowMs, type Absence } from './absences.js';
import { ScenarioProcess } from './scenario-process.js';

const WORKERS = /takes (?:no more )?events.*\bworkers: (\d+)/;
/** A worker that was given up, and whose events went to others: when, to the second. */
const LOST = / - (\S+ \S+ [AP]M) .*takes no more events.*\bredelivered: [1-9]/;
const LOG_RESOLUTION_MS = 1_000;

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

  /** Times in which it may have given up any worker, which goes on for up to `returningMs` until it knows. On a busy machine that may happen at any time. */
  losses(returningMs: number): readonly Absence[] {
    const clockMs = nowMs() - Date.now();
    return this.lines.flatMap((line) => {
      const at = LOST.exec(line)?.[1];
      if (at === undefined) return [];
      const fromMs = Date.parse(at.replace(',', '')) + clockMs;
      const untilMs = fromMs + LOG_RESOLUTION_MS + returningMs;
      return [{ isOf: () => true, gatewayUrl: this.ws, fromMs, untilMs }];
    });
  }

  /** What it says of itself. */
  async probe(): Promise<ProcessProbe & GatewayProbe> {
    return this.probed<GatewayProbe>();
  }
}
