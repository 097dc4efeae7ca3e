import type { SizeReport } from './run-size.js';

/** Markdown tables. */
export function reportText({ options, operations, memory }: SizeReport): string {
  const { connections, groups, members } = options;
  const lines = [
    `${grouped(connections)} connections, ${grouped(groups)} groups and one of ${grouped(members)}; Node ${process.version}.`,
    '',
    '| operation | count | total ms | µs each | longest stop ms | as seen ms | longest gc ms |',
    '| --- | --: | --: | --: | --: | --: | --: |',
    ...operations.map((operation) =>
      row([
        operation.name,
        grouped(operation.count),
        operation.totalMs.toFixed(0),
        operation.perItemUs.toFixed(3),
        operation.longestStopMs.toFixed(1),
        operation.longestSeenMs.toFixed(1),
        operation.longestGcMs.toFixed(1),
      ]),
    ),
    '',
    '| memory | count | bytes each |',
    '| --- | --: | --: |',
    ...memory.map(({ name, count, bytesEach }) => row([name, grouped(count), bytesEach.toFixed(1)])),
    '',
  ];
  return lines.join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
