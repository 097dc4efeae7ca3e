import type { MicroResult } from './measure.js';

const DIGITS = 3;

/** As Markdown, a table a group. */
export function formatResults(results: readonly MicroResult[]): string {
  const groups = [...new Set(results.map(({ group }) => group))];
  return groups
    .map((group) => {
      const rows = results
        .filter((result) => result.group === group)
        .map(
          ({ name, nsPerOperation, relativeMarginPercent }) =>
            `| ${name} | ${figure(nsPerOperation)} | ± ${relativeMarginPercent.toFixed(1)} % |`,
        );
      return `| ${group} | ns/op, median | margin |\n| --- | ---: | ---: |\n${rows.join('\n')}\n`;
    })
    .join('\n');
}

/** Three digits that count. */
function figure(value: number): string {
  return Number(value.toPrecision(DIGITS)).toLocaleString('en', { maximumFractionDigits: 2 });
}
