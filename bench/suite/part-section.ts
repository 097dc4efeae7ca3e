import { table } from './table.js';

type Row = Readonly<Record<string, number | string>>;

const TITLES: Readonly<Record<string, string>> = {
  micro: 'Functions',
  size: 'Tables of a gateway, without sockets',
};
const UNITS: Readonly<Record<string, string>> = { us: 'µs', ns: 'ns', ms: 'ms' };

/** The lists in what a part of the suite printed, as tables: a row an entry, a column a field. Empty when it has none. */
export function partSection(part: string, output: unknown): string {
  const tables = Object.values(output ?? {})
    .filter(isList)
    .map(listTable);
  return tables.length === 0 ? '' : [`### ${TITLES[part] ?? part}`, ...tables].join('\n\n');
}

function listTable(rows: readonly Row[]): string {
  const fields = Object.keys(rows[0]!);
  return table(
    fields.map(fieldText),
    rows.map((row) => fields.map((field) => valueText(row[field]))),
  );
}

/** Objects of numbers and words alone; whatever is nested is left to the raw figures. */
function isList(value: unknown): value is readonly Row[] {
  const isScalar = (one: unknown): boolean => ['number', 'string'].includes(typeof one);
  const isRow = (row: unknown): boolean =>
    typeof row === 'object' && row !== null && Object.values(row).every(isScalar);
  return Array.isArray(value) && value.length > 0 && value.every(isRow);
}

/** `longestCallMs`: longest call (ms). */
function fieldText(field: string): string {
  const words = field
    .replaceAll(/([A-Z])/g, ' $1')
    .toLowerCase()
    .split(' ');
  const unit = UNITS[words.at(-1)!];
  return unit === undefined || words.length === 1
    ? words.join(' ')
    : `${words.slice(0, -1).join(' ')} (${unit})`;
}

function valueText(value: number | string | undefined): string {
  if (typeof value !== 'number') return value ?? '–';
  if (Number.isInteger(value) || Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}
