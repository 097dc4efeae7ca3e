import { describe, expect, it } from 'vitest';
import { SCENARIOS, secondsOf } from './scenarios.js';

describe('SCENARIOS', () => {
  it('have names that tell them apart', () => {
    const names = SCENARIOS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('compare only with servers that they measure, in figures that they show', () => {
    for (const { name, goals, metrics, targets } of SCENARIOS) {
      for (const goal of goals) {
        expect(metrics, name).toContain(goal.metric);
        if (goal.peer !== undefined) expect(targets, name).toContain(goal.peer);
        expect(goal.atLeast ?? goal.atMost, name).toBeGreaterThan(0);
      }
    }
  });

  it('share a table only where they are measured in the same figures', () => {
    for (const { group, metrics } of SCENARIOS) {
      const first = SCENARIOS.find((scenario) => scenario.group === group);
      expect(metrics, group).toEqual(first?.metrics);
    }
  });
});

describe('secondsOf', () => {
  it('gives the whole time to what has to be reached, and half of it to the rest', () => {
    const goals = SCENARIOS.flatMap((scenario) => scenario.goals);
    expect(secondsOf({ goals: [goals[0]!] }, 5)).toBe(5);
    expect(secondsOf({ goals: [] }, 5)).toBe(2.5);
  });
});
