import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export const textOf = (file: string): string => readFileSync(resolve(ROOT, file), 'utf8');

/** A row of a table, by the names of its columns. */
export type Row = Readonly<Record<string, string>>;

export interface Table {
  /** The heading above it, without its marks. */
  readonly heading: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

const isRow = (line: string | undefined): line is string => line?.startsWith('|') === true;

function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}

/** All tables of a Markdown page, in order. */
export function tablesOf(file: string): Table[] {
  const tables: Table[] = [];
  let heading = '';
  const lines = textOf(file).split('\n');
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (/^#+ /.test(line)) heading = line.replace(/^#+ /, '');
    if (!isRow(line) || isRow(lines[at - 1])) continue;
    const columns = cellsOf(line);
    const rows: Row[] = [];
    for (at += 2; isRow(lines[at]); at++) {
      const cells = cellsOf(lines[at]!);
      rows.push(Object.fromEntries(columns.map((column, place) => [column, cells[place] ?? ''])));
    }
    tables.push({ heading, columns, rows });
  }
  return tables;
}

/** The first table under a heading that has such a column. @throws when there is none */
export function tableUnder(file: string, heading: string, column: string): Table {
  const found = tablesOf(file).find((table) => table.heading === heading && table.columns.includes(column));
  if (found === undefined) throw new Error(`${file} has no table with "${column}" under "${heading}"`);
  return found;
}

/** What stands in code marks. */
export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
}

/** All that one column of a table names in code marks. */
export function namesIn({ rows }: Table, column: string): string[] {
  return rows.flatMap((row) => codeIn(row[column] ?? ''));
}
