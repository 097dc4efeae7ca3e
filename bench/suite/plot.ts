import { formatRatio } from './figures.js';
import type { SuiteResults } from './results.js';
import { SCENARIOS, type Scenario } from './scenarios.js';
import { ScenarioSummary } from './summary.js';
import { TARGETS, type TargetName } from './targets.js';

const BASELINE: TargetName = 'plain-ws';
/** What is drawn, with the class that gives it its colour. The C server is left out: it would dwarf the rest. */
const SERIES = [
  { target: 'nestwire', style: 'own' },
  { target: 'platform-ws', style: 'second' },
  { target: 'socket.io', style: 'third' },
] as const satisfies readonly { target: TargetName; style: string }[];
/** The runs that tell most. */
const PLOTTED = [
  'echo, 50 connections, 1 in flight',
  'echo, 500 connections, 1 in flight',
  'echo, 50 connections, 16 in flight',
  'fan-out to 1,000, window 1',
  'fan-out to 1,000, window 8',
  'churn, 16 at a time',
];

const WIDTH = 760;
const LEFT = 250;
const RIGHT = 70;
const TOP = 78;
const BAR = 15;
const GAP = 3;
const GROUP_GAP = 16;
const FOOT = 34;
const VALUE_GAP = 6;
const VALUE_WIDTH = 42;

interface Bar {
  readonly style: string;
  readonly ratio: number;
}

interface Group {
  readonly name: string;
  readonly bars: readonly Bar[];
}

/** A bar chart of throughput as a multiple of plain `ws`, as SVG that is legible on light and on dark pages. */
export function plot(results: SuiteResults, scenarios: readonly Scenario[] = SCENARIOS): string {
  const groups = groupsOf(results, scenarios);
  const shown = SERIES.filter(({ style }) =>
    groups.some(({ bars }) => bars.some((bar) => bar.style === style)),
  );
  const most = Math.max(1, ...groups.flatMap(({ bars }) => bars.map(({ ratio }) => ratio)));
  const scale = (ratio: number): number => (ratio / most) * (WIDTH - LEFT - RIGHT);
  const drawn: string[] = [];
  let y = TOP;
  for (const group of groups) {
    drawn.push(drawGroup(group, y, scale));
    y += heightOf(group) + GROUP_GAP;
  }
  const bottom = y - GROUP_GAP;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + FOOT}" role="img" aria-labelledby="title">`,
    STYLE,
    `<title id="title">Messages or connections a second as a multiple of plain ws, in one run on one machine</title>`,
    text('heading', 0, 18, 'Throughput as a multiple of plain ws'),
    drawLegend(shown),
    ...drawn,
    drawBaseline(LEFT + scale(1), bottom),
    text('note', 0, bottom + 28, noteOf(results)),
    '</svg>',
  ].join('\n')}\n`;
}

function groupsOf(results: SuiteResults, scenarios: readonly Scenario[]): Group[] {
  return scenarios
    .filter(({ name }) => PLOTTED.includes(name))
    .map((scenario) => {
      const summary = new ScenarioSummary(scenario, results);
      const bars = SERIES.map(({ target, style }) => ({
        style,
        ratio: summary.ratio(scenario.metrics[0]!, target, BASELINE),
      }));
      return { name: scenario.name, bars: bars.filter(({ ratio }) => !Number.isNaN(ratio)) };
    })
    .filter(({ bars }) => bars.length > 0);
}

function heightOf({ bars }: Group): number {
  return bars.length * (BAR + GAP) - GAP;
}

function drawGroup(group: Group, top: number, scale: (ratio: number) => number): string {
  const middle = top + heightOf(group) / 2 + 4.5;
  return [
    text('label', LEFT - 12, middle, group.name, 'end'),
    ...group.bars.flatMap(({ style, ratio }, index) => {
      const y = top + index * (BAR + GAP);
      const width = Math.max(1, scale(ratio));
      return [
        `<rect class="${style}" x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`,
        text('value', valueX(LEFT + width, LEFT + scale(1)), y + BAR - 3, formatRatio(ratio)),
      ];
    }),
  ].join('\n');
}

/** Beside the end of the bar, but not across the line. */
function valueX(end: number, baseline: number): number {
  const x = end + VALUE_GAP;
  return x < baseline + VALUE_GAP && x + VALUE_WIDTH > baseline ? baseline + VALUE_GAP : x;
}

function drawLegend(series: readonly (typeof SERIES)[number][]): string {
  let x = 0;
  return series
    .map(({ target, style }) => {
      const at = x;
      const { label } = TARGETS[target];
      x += 34 + label.length * 7.2;
      return `<rect class="${style}" x="${at}" y="34" width="12" height="12" rx="2"/>\n${text('value', at + 18, 44.5, label)}`;
    })
    .join('\n');
}

function drawBaseline(x: number, bottom: number): string {
  return [
    `<line class="baseline" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${TOP - 8}" y2="${bottom + 6}"/>`,
    text('note', x, TOP - 13, `1 × = ${TARGETS[BASELINE].label}`, 'middle'),
  ].join('\n');
}

function noteOf({ machine, repetitions, seconds, startedAt }: SuiteResults): string {
  return `Medians of ${repetitions} × ${seconds} s, ${machine.cores} cores shared by servers and generator, Node ${machine.node}, ${startedAt.slice(0, 10)}. Longer is better.`;
}

function text(style: string, x: number, y: number, content: string, anchor = 'start'): string {
  return `<text class="${style}" x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const STYLE = `<style>
text { font-family: -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #1f2328; }
.heading { font-size: 16px; font-weight: 600; }
.label { font-size: 13px; }
.value { font-size: 12px; }
.note { font-size: 11.5px; fill: #59636e; }
.baseline { stroke: #59636e; stroke-width: 1; stroke-dasharray: 3 3; }
.own { fill: #1f6feb; }
.second { fill: #d4722a; }
.third { fill: #8c959f; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.note { fill: #9198a1; }
.baseline { stroke: #9198a1; }
.own { fill: #58a6ff; }
.second { fill: #f0883e; }
.third { fill: #767f8a; }
}
</style>`;
