import { formatFigure, formatRatio } from './figures.js';
import type { SuiteResults } from './results.js';
import { SCENARIOS, type Goal, type Metric, type Scenario } from './scenarios.js';
import { ScenarioSummary, type Remarks } from './summary.js';
import { partSection } from './part-section.js';
import { table } from './table.js';
import { TARGETS, type TargetName } from './targets.js';

const SUBJECT: TargetName = 'nestwire';
const MS_PER_MINUTE = 60_000;
const MARKS = { generator: '†', disturbed: '‡', own: '°' } as const;

/** The results as Markdown: what had to be reached, the figures, and what they were measured with. */
export function report(results: SuiteResults, scenarios: readonly Scenario[] = SCENARIOS): string {
  const summaries = scenarios
    .map((scenario) => new ScenarioSummary(scenario, results))
    .filter(({ isMeasured }) => isMeasured);
  const isMixed = new Set(results.runs.map(({ generator }) => generator)).size > 1;
  const groups = [...new Set(summaries.map(({ scenario }) => scenario.group))];
  const sections = [
    circumstances(results),
    ...(summaries.some(({ scenario }) => scenario.goals.length > 0) ? [goals(summaries)] : []),
    ...groups.map((group) =>
      groupSection(
        group,
        summaries.filter(({ scenario }) => scenario.group === group),
        isMixed,
      ),
    ),
    legend(summaries, isMixed),
    ...Object.entries(results.parts).map(([part, { output }]) => partSection(part, output)),
    failures(results),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function circumstances({ machine, versions, repetitions, seconds, ...results }: SuiteResults): string {
  const { cpu, cores, memoryGib, system, node } = machine;
  const packages = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const commit = results.commit === undefined ? '' : `, at commit ${results.commit}`;
  return [
    `Medians of ${repetitions} ${repetitions === 1 ? 'run' : 'runs'} of ${seconds} s (${seconds / 2} s where there is no target), the servers in turn, on ${results.startedAt.slice(0, 10)}${commit}, in ${minutesOf(results)} minutes, with:`,
    '',
    '```bash',
    results.command,
    '```',
    '',
    `${cpu}, ${cores} cores that generator and servers share, ${memoryGib.toFixed(0)} GiB, ${system}, Node ${node}. Measured: ${packages.join(', ')}.`,
    ...results.leftOut.map((reason) => `\nLeft out: ${reason}.`),
  ].join('\n');
}

function minutesOf({ startedAt, endedAt }: Pick<SuiteResults, 'startedAt' | 'endedAt'>): string {
  return ((Date.parse(endedAt) - Date.parse(startedAt)) / MS_PER_MINUTE).toFixed(1);
}

function goals(summaries: readonly ScenarioSummary[]): string {
  const rows = summaries.flatMap((summary) =>
    summary
      .verdicts()
      .map(({ goal, value, isReached }) => [
        summary.scenario.name,
        goal.metric.label,
        boundText(goal),
        goal.peer === undefined ? formatFigure(value, goal.metric.unit) : formatRatio(value),
        Number.isNaN(value) ? 'not measured' : isReached ? 'yes' : '**no**',
      ]),
  );
  return `### Targets\n\n${table(['run', 'figure', 'target', 'measured', 'reached'], rows)}`;
}

function boundText({ metric, peer, atLeast, atMost }: Goal): string {
  const bound = (atLeast ?? atMost)!;
  const text = peer === undefined ? formatFigure(bound, metric.unit) : `${bound} × ${TARGETS[peer].label}`;
  return `${atLeast === undefined ? 'at most' : 'at least'} ${text}`;
}

/** A table a metric: a row a run, a column a target. */
function groupSection(group: string, summaries: readonly ScenarioSummary[], isMixed: boolean): string {
  const measured = new Set(summaries.flatMap(({ targets }) => targets));
  const targets = Object.values(TARGETS).filter(({ name }) => measured.has(name));
  const metrics = summaries[0]?.scenario.metrics ?? [];
  const tables = metrics.map((metric, index) => {
    const isLast = index === metrics.length - 1;
    const rows = summaries.map((summary) => [
      summary.scenario.name,
      ...targets.map(({ name }) => cell(summary, metric, name, isMixed)),
      ...(isLast ? [faults(summary)] : []),
    ]);
    const head = [metric.label, ...targets.map(({ label }) => label), ...(isLast ? ['faults'] : [])];
    return table(head, rows);
  });
  return [`### ${group}`, ...tables].join('\n\n');
}

/** A peer's figure comes with what Nestwire's is as a multiple of it. */
function cell(summary: ScenarioSummary, metric: Metric, target: TargetName, isMixed: boolean): string {
  const spread = summary.spread(target, metric);
  const marks = marksOf(summary.remarks(target), isMixed);
  const figure = `${formatFigure(spread?.median, metric.unit)}${spread === undefined ? '' : marks}`;
  const ratio = summary.ratio(metric, SUBJECT, target);
  return target === SUBJECT || Number.isNaN(ratio) ? figure : `${figure} (${formatRatio(ratio)})`;
}

function marksOf({ isGeneratorLimit, isDisturbed, generators }: Remarks, isMixed: boolean): string {
  const isOwn = isMixed && generators.includes('own');
  return `${isGeneratorLimit ? MARKS.generator : ''}${isDisturbed ? MARKS.disturbed : ''}${isOwn ? MARKS.own : ''}`;
}

function faults(summary: ScenarioSummary): string {
  const all = summary.targets.map((target) => ({ target, ...summary.remarks(target) }));
  const told = all.flatMap(({ target, faults: count, failed }) => [
    ...(count > 0 ? [`${count} (${TARGETS[target].label})`] : []),
    ...(failed > 0 ? [`${failed} failed (${TARGETS[target].label})`] : []),
  ]);
  return told.length === 0 ? '0' : told.join(', ');
}

function legend(summaries: readonly ScenarioSummary[], isMixed: boolean): string {
  if (summaries.length === 0) return '';
  const remarks = summaries.flatMap((summary) => summary.targets.map((target) => summary.remarks(target)));
  const isOwn = remarks.some(({ generators }) => generators.includes('own'));
  return [
    "In brackets: Nestwire's figure as a multiple of this peer's, the median of the ratios within each repetition.",
    'Faults: messages lost, doubled or out of order, connections ended by the server, and frames that are wrong.',
    ...(isMixed
      ? [`${MARKS.own} By the suite's own generator: the C one, which did the rest, lacks what this takes.`]
      : [`Measured by ${isOwn ? "the suite's own generator" : 'the C generator'}.`]),
    ...(remarks.some(({ isGeneratorLimit }) => isGeneratorLimit)
      ? [
          `${MARKS.generator} The generator took more than 0.9 of a core: it may have been the limit, not the server.`,
        ]
      : []),
    ...(remarks.some(({ isDisturbed }) => isDisturbed)
      ? [`${MARKS.disturbed} Others took more than 0.05 of a core from the machine meanwhile.`]
      : []),
  ].join('\n');
}

function failures({ runs, parts }: SuiteResults): string {
  const outcomes = [
    ...runs.map(({ scenario, target, error }) => ({ name: `${scenario}, ${TARGETS[target].label}`, error })),
    ...Object.entries(parts).map(([name, { error }]) => ({ name, error })),
  ];
  const failed = outcomes.flatMap(({ name, error }) =>
    error === undefined ? [] : [`- ${name}: ${error.split('\n')[0]}`],
  );
  return failed.length === 0 ? '' : ['### Failed runs', '', ...failed].join('\n');
}
