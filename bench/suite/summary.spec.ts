import { describe, expect, it } from 'vitest';
import { SCENARIOS, type Metric, type Scenario } from './scenarios.js';
import { ScenarioSummary } from './summary.js';
import { runsOf, sampleResults } from './test/sample-results.js';

const RATE: Metric = { field: 'rate', label: 'rate', unit: 'perSecond' };
const SCENARIO: Scenario = {
  ...SCENARIOS[0]!,
  name: 'work',
  targets: ['nestwire', 'plain-ws', 'reference'],
  metrics: [RATE],
  goals: [{ metric: RATE, peer: 'plain-ws', atLeast: 2 }],
};

function rates(...values: readonly number[]): { rate: number }[] {
  return values.map((rate) => ({ rate }));
}

function summaryOf(runs: ReturnType<typeof runsOf>, scenario = SCENARIO): ScenarioSummary {
  return new ScenarioSummary(scenario, sampleResults(runs));
}

describe('a scenario in results', () => {
  it('has the ratio of figures that were taken in turn, not of medians', () => {
    // The machine was twice as fast in the second repetition; the medians' ratio would be 40 / 10.
    const summary = summaryOf([
      ...runsOf('work', 'nestwire', rates(30, 40, 66)),
      ...runsOf('work', 'plain-ws', rates(10, 20, 6)),
    ]);
    expect(summary.spread('nestwire', RATE)).toEqual({ median: 40, least: 30, most: 66 });
    expect(summary.ratio(RATE, 'nestwire', 'plain-ws')).toBe(3);
  });

  it('has no ratio to a target that was not measured, and leaves failed runs out', () => {
    const [first, failed] = runsOf('work', 'nestwire', [{ rate: 30 }, {}]);
    const summary = summaryOf([
      first!,
      { ...failed!, error: 'gone' },
      ...runsOf('work', 'plain-ws', rates(10, 20)),
    ]);
    expect(summary.ratio(RATE, 'nestwire', 'plain-ws')).toBe(3);
    expect(summary.ratio(RATE, 'nestwire', 'reference')).toBeNaN();
    expect(summary.spread('reference', RATE)).toBeUndefined();
    expect(summary.remarks('nestwire').failed).toBe(1);
  });

  it('does not look at the runs of others', () => {
    const summary = summaryOf(runsOf('other work', 'nestwire', rates(1)));
    expect(summary.isMeasured).toBe(false);
    expect(summary.targets).toEqual([]);
  });

  it.each([
    [2, true],
    [1.99, false],
  ])('judges a ratio of %d', (ratio, isReached) => {
    const runs = [...runsOf('work', 'nestwire', rates(ratio)), ...runsOf('work', 'plain-ws', rates(1))];
    expect(summaryOf(runs).verdicts()).toMatchObject([{ value: ratio, isReached }]);
  });

  it('judges the figure itself where there is no peer, and what was not measured as not reached', () => {
    const scenario = { ...SCENARIO, goals: [{ metric: RATE, atMost: 6 }] };
    expect(summaryOf(runsOf('work', 'nestwire', rates(5, 6, 7)), scenario).verdicts()).toMatchObject([
      { value: 6, isReached: true },
    ]);
    expect(summaryOf([], scenario).verdicts()).toMatchObject([{ value: NaN, isReached: false }]);
  });

  it('counts what went wrong in all runs', () => {
    const summary = summaryOf(
      runsOf('work', 'nestwire', [
        { lost: 2, duplicates: 1, out_of_order: 0 },
        { lost: 0, closed_by_server: 3, subs: 100, opened: 96 },
      ]),
    );
    expect(summary.remarks('nestwire').faults).toBe(10);
  });

  it('says when the generator or somebody else was in the way', () => {
    const quiet = { gen_cpu_share: 0.9, other_cpu_share: 0.02, steal_share: 0.02 };
    const remarks = (figures: Record<string, number>) =>
      summaryOf(runsOf('work', 'nestwire', [quiet, { ...quiet, ...figures }])).remarks('nestwire');
    expect(remarks({})).toMatchObject({ isGeneratorLimit: false, isDisturbed: false });
    expect(remarks({ gen_cpu_share: 0.91 })).toMatchObject({ isGeneratorLimit: true, isDisturbed: false });
    expect(remarks({ steal_share: 0.04 })).toMatchObject({ isGeneratorLimit: false, isDisturbed: true });
  });
});
