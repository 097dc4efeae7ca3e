import type { Figures, Run, SuiteResults } from './results.js';
import type { Goal, Metric, Scenario } from './scenarios.js';
import { median } from './statistics.js';
import type { TargetName } from './targets.js';

/** Above it, the generator's core was the limit and not the server. */
const MAX_GENERATOR_SHARE = 0.9;
/** In cores: what others may use of the machine while it is measured. */
const MAX_OTHER_SHARE = 0.05;
const FAULT_FIELDS = [
  'lost',
  'duplicates',
  'out_of_order',
  'corrupt',
  'len_mismatch',
  'closed_by_server',
  'resets',
  'protocol_errors',
] as const;

/** The figures of a metric over a target's runs. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** What stands out in the runs of a target in a scenario. */
export interface Remarks {
  readonly failed: number;
  /** Messages lost, doubled or out of order, wrong frames, connections ended by the server or never opened. */
  readonly faults: number;
  /** In any of its runs. */
  readonly isGeneratorLimit: boolean;
  readonly isDisturbed: boolean;
  /** Which generators measured it. */
  readonly generators: readonly string[];
}

export interface Verdict {
  readonly goal: Goal;
  /** The ratio or, without a peer, the figure; NaN where it was not measured. */
  readonly value: number;
  readonly isReached: boolean;
}

/** A scenario's runs, and what can be said about them. Everything is worked out from the raw runs. */
export class ScenarioSummary {
  readonly #runs: readonly Run[];

  constructor(
    readonly scenario: Scenario,
    { runs }: Pick<SuiteResults, 'runs'>,
  ) {
    this.#runs = runs.filter((run) => run.scenario === scenario.name);
  }

  get isMeasured(): boolean {
    return this.#runs.length > 0;
  }

  get targets(): readonly TargetName[] {
    return this.scenario.targets.filter((target) => this.#of(target).length > 0);
  }

  spread(target: TargetName, metric: Metric): Spread | undefined {
    const values = this.#of(target).flatMap((run) => figure(run, metric) ?? []);
    if (values.length === 0) return undefined;
    return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
  }

  /** The median of the ratios within each repetition: what slows a whole repetition down cancels out. NaN without any. */
  ratio(metric: Metric, target: TargetName, peer: TargetName): number {
    const ratios = this.#of(target).flatMap((run) => {
      const other = this.#of(peer).find(({ repetition }) => repetition === run.repetition);
      const [ours, theirs] = [figure(run, metric), other && figure(other, metric)];
      return ours === undefined || theirs === undefined || theirs === 0 ? [] : [ours / theirs];
    });
    return median(ratios);
  }

  verdicts(): readonly Verdict[] {
    return this.scenario.goals.map((goal) => {
      const { metric, peer, atLeast = -Infinity, atMost = Infinity } = goal;
      const value =
        peer === undefined
          ? (this.spread('nestwire', metric)?.median ?? NaN)
          : this.ratio(metric, 'nestwire', peer);
      return { goal, value, isReached: value >= atLeast && value <= atMost };
    });
  }

  remarks(target: TargetName): Remarks {
    const runs = this.#of(target);
    const others = ({ figures }: Run): number =>
      numberIn(figures, 'other_cpu_share') + numberIn(figures, 'steal_share');
    return {
      failed: runs.filter(({ error }) => error !== undefined).length,
      faults: sum(runs.map(({ figures }) => faultsIn(figures))),
      isGeneratorLimit: runs.some(({ figures }) => numberIn(figures, 'gen_cpu_share') > MAX_GENERATOR_SHARE),
      isDisturbed: runs.some((run) => others(run) > MAX_OTHER_SHARE),
      generators: [...new Set(runs.map(({ generator }) => generator))],
    };
  }

  #of(target: TargetName): readonly Run[] {
    return this.#runs.filter((run) => run.target === target);
  }
}

function figure({ figures }: Run, { field }: Metric): number | undefined {
  const value = figures[field];
  return typeof value === 'number' ? value : undefined;
}

function faultsIn(figures: Figures): number {
  const asked = numberIn(figures, 'subs') || numberIn(figures, 'conns');
  const unopened = figures['opened'] === undefined ? 0 : asked - numberIn(figures, 'opened');
  return sum(FAULT_FIELDS.map((field) => numberIn(figures, field))) + Math.max(0, unopened);
}

function numberIn(figures: Figures, field: string): number {
  const value = figures[field];
  return typeof value === 'number' ? value : 0;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
