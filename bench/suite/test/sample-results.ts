import { FORMAT, type Figures, type Run, type SuiteResults } from '../results.js';
import type { TargetName } from '../targets.js';

/** Results of a machine that never was, as the suite writes them. */
export function sampleResults(
  runs: readonly Run[],
  others: Partial<Pick<SuiteResults, 'leftOut' | 'parts' | 'commit'>> = {},
): SuiteResults {
  return {
    format: FORMAT,
    startedAt: '2026-03-04T05:06:07.000Z',
    endedAt: '2026-03-04T05:26:07.000Z',
    commit: 'abc1234',
    command: 'npm run bench',
    machine: { cpu: 'Imagined CPU', cores: 2, memoryGib: 8, system: 'Linux 6.1 x64', node: '20.20.2' },
    versions: { nestwire: '0.1.0', ws: '8.23.0' },
    seconds: 5,
    repetitions: 3,
    leftOut: [],
    parts: {},
    ...others,
    runs,
  };
}

/** A run a set of figures, numbered from 1. */
export function runsOf(scenario: string, target: TargetName, figures: readonly Figures[]): Run[] {
  return figures.map((one, index) => ({
    scenario,
    target,
    repetition: index + 1,
    generator: 'own',
    args: [],
    figures: one,
  }));
}
