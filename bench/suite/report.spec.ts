import { describe, expect, it } from 'vitest';
import { report } from './report.js';
import { runsOf, sampleResults } from './test/sample-results.js';

const ECHO = 'echo, 50 connections, 1 in flight';
const FAIRNESS = 'fairness, echoes at 1,000/s beside broadcasts at 10/s to 5,000';
const OURS = { round_trips_per_s: 100_000, rtt_p50_us: 400, rtt_p99_us: 1_000, lost: 0 };
const THEIRS = { round_trips_per_s: 50_000, rtt_p50_us: 900, rtt_p99_us: 500, lost: 0 };
const BOTH = [...runsOf(ECHO, 'nestwire', [OURS]), ...runsOf(ECHO, 'plain-ws', [THEIRS])];

function linesOf(...args: Parameters<typeof sampleResults>): string[] {
  return report(sampleResults(...args)).split('\n');
}

describe('report', () => {
  it('says on what, with what, and how it was measured', () => {
    const text = report(sampleResults(BOTH));
    expect(text).toContain('Medians of 3 runs of 5 s (2.5 s where there is no target)');
    expect(text).toContain('on 2026-03-04, at commit abc1234, in 20.0 minutes');
    expect(text).toContain('```bash\nnpm run bench\n```');
    expect(text).toContain('Imagined CPU, 2 cores');
    expect(text).toContain('Node 20.20.2. Measured: nestwire 0.1.0, ws 8.23.0.');
  });

  it('sets the targets beside what was measured, and says whether they were reached', () => {
    const lines = linesOf([...BOTH, ...runsOf(FAIRNESS, 'nestwire', [{ rtt_p99_us: 6_100 }])]);
    expect(lines).toContain(`| ${ECHO} | round trips | at least 1.2 × plain ws | 2.00 × | yes |`);
    expect(lines).toContain(`| ${ECHO} | p99 | at most 1.25 × plain ws | 2.00 × | **no** |`);
    expect(lines).toContain(`| ${ECHO} | round trips | at least 0.6 × C server | – | not measured |`);
    expect(lines).toContain(`| ${FAIRNESS} | p99 | at most 6.00 ms | 6.10 ms | **no** |`);
  });

  it('has a table a figure, with the ratio to each peer, and the faults in the last', () => {
    const lines = linesOf(BOTH);
    expect(lines).toContain('| round trips | Nestwire | plain ws |');
    expect(lines).toContain(`| ${ECHO} | 100 k/s | 50.0 k/s (2.00 ×) |`);
    expect(lines).toContain('| p99 | Nestwire | plain ws | faults |');
    expect(lines).toContain(`| ${ECHO} | 1.00 ms | 500 µs (2.00 ×) | 0 |`);
  });

  it('names whose messages were lost and whose runs failed', () => {
    const [failed] = runsOf(ECHO, 'socket.io', [{}]);
    const runs = [
      ...runsOf(ECHO, 'nestwire', [{ ...OURS, lost: 7 }]),
      { ...failed!, error: 'The load generator ended with 3: no connection\nmore' },
    ];
    const lines = linesOf(runs);
    expect(lines).toContain(`| ${ECHO} | 1.00 ms | – | 7 (Nestwire), 1 failed (Nest socket.io + Redis) |`);
    expect(lines).toContain(
      `- ${ECHO}, Nest socket.io + Redis: The load generator ended with 3: no connection`,
    );
  });

  it('marks runs in which the generator was the limit or that were disturbed, and explains only marks that it used', () => {
    const busy = report(sampleResults(runsOf(ECHO, 'nestwire', [{ ...OURS, gen_cpu_share: 0.97 }])));
    expect(busy).toContain('| 100 k/s† |');
    expect(busy).toContain('† The generator took more than 0.9 of a core');
    expect(busy).not.toContain('‡');
    const disturbed = report(sampleResults(runsOf(ECHO, 'nestwire', [{ ...OURS, other_cpu_share: 0.2 }])));
    expect(disturbed).toContain('| 100 k/s‡ |');
    expect(disturbed).not.toContain('†');
  });

  it('marks what another generator than the rest has measured', () => {
    const mixed = BOTH.map((run) =>
      run.target === 'nestwire' ? { ...run, generator: 'wsload' as const } : run,
    );
    const text = report(sampleResults(mixed));
    expect(text).toContain('| 100 k/s | 50.0 k/s° (2.00 ×) |');
    expect(text).toContain("° By the suite's own generator");
    expect(report(sampleResults(BOTH))).toContain("Measured by the suite's own generator.");
  });

  it('says what was left out, and how to have it', () => {
    const reason = 'Nest socket.io + Redis (redis-server is not installed, apt-get install redis-server)';
    expect(linesOf(BOTH, { leftOut: [reason] })).toContain(`Left out: ${reason}.`);
  });

  it('shows what the other parts measured, and which of them failed', () => {
    const parts = {
      micro: { error: 'bench/micro ended with 1: out of memory\nat …' },
      size: { output: { operations: [{ name: 'join', count: 5 }] } },
    };
    const lines = linesOf([], { parts });
    expect(lines).toContain('### Tables of a gateway, without sockets');
    expect(lines).toContain('| join | 5 |');
    expect(lines).toContain('- micro: bench/micro ended with 1: out of memory');
  });
});
