import { describe, expect, it } from 'vitest';
import { DEFAULT_API_OPTIONS } from '#api';
import { DEFAULT_GATEWAY_OPTIONS } from '#gateway';
import { DEFAULT_BACKOFF_OPTIONS, DEFAULT_LINK_OPTIONS } from '#link';
import { DEFAULT_REGISTER_CLIENT_OPTIONS, DEFAULT_REGISTER_OPTIONS } from '#register';
import { DEFAULT_SUPERVISOR_OPTIONS } from '#supervisor';
import { DEFAULT_WORKER_OPTIONS } from '#worker';
import { codeIn, namesIn, tableUnder, textOf, type Table } from './docs/page.js';
import { says } from './docs/written-value.js';

const PAGE = 'docs/options.md';

const { pingIntervalMs: _ping, silenceTimeoutMs: _silence, ...LINK_DEFAULTS } = DEFAULT_LINK_OPTIONS;
const { log: _log, ...REGISTER_CLIENT_DEFAULTS } = DEFAULT_REGISTER_CLIENT_OPTIONS;

const BACKOFF_DEFAULTS = Object.fromEntries(
  Object.entries(DEFAULT_BACKOFF_OPTIONS).map(([name, value]) => [`backoff.${name}`, value]),
);

/** The tables, and the options that they have to list. */
const LISTED: readonly (readonly [file: string, heading: string, defaults: object])[] = [
  [PAGE, 'GatewayModule', DEFAULT_GATEWAY_OPTIONS],
  [PAGE, 'WorkerModule', DEFAULT_WORKER_OPTIONS],
  [PAGE, 'GatewayApiModule', { ...DEFAULT_API_OPTIONS, isGlobal: true }],
  [PAGE, 'RegisterModule', DEFAULT_REGISTER_OPTIONS],
  [PAGE, 'RegisterMembership', REGISTER_CLIENT_DEFAULTS],
  [PAGE, 'Links', { ...LINK_DEFAULTS, ...BACKOFF_DEFAULTS }],
];

/** The variables, as the one file that reads them has them. */
function variables(): Map<string, string> {
  const [, table] = /const DEFAULTS = \{\n(.*?)\n\} as const;/s.exec(textOf('apps/environment.ts'))!;
  const entries = [...table!.matchAll(/^ {2}(NESTWIRE_\w+): '(.*)',$/gm)];
  return new Map(entries.map(([, name, value]) => [name!, value!]));
}

/** Says which rows have another default than the code. */
function wrongDefaults({ rows }: Table, column: string, defaults: ReadonlyMap<string, unknown>): string[] {
  return rows
    .flatMap((row) => codeIn(row[column]!).map((name) => ({ name, cell: row['default']! })))
    .filter(({ name, cell }) => !says(cell, defaults.get(name)))
    .map(({ name, cell }) => `${name} is ${String(defaults.get(name))}, not ${cell}`);
}

describe.each(LISTED)('%s, %s', (file, heading, defaults) => {
  const table = tableUnder(file, heading, 'option');

  it('lists each option that there is, and no other', () => {
    expect(namesIn(table, 'option').toSorted()).toEqual(Object.keys(defaults).toSorted());
  });

  it('says the defaults of the code', () => {
    expect(wrongDefaults(table, 'option', new Map(Object.entries(defaults)))).toEqual([]);
  });
});

describe('docs/processes.md', () => {
  const table = tableUnder('docs/processes.md', 'In your own application', 'option');

  it('lists the options of a supervisor, with their defaults', () => {
    const own = namesIn(table, 'option').filter((name) => !name.startsWith('…'));
    expect(own.toSorted()).toEqual(Object.keys(DEFAULT_SUPERVISOR_OPTIONS).toSorted());
    const rows = table.rows.filter((row) => /^`\w+Ms`$/.test(row['option']!));
    expect(
      wrongDefaults({ ...table, rows }, 'option', new Map(Object.entries(DEFAULT_SUPERVISOR_OPTIONS))),
    ).toEqual([]);
  });
});

describe.each([
  ['README.md', 'Running the services apart'],
  [PAGE, 'Variables'],
])('the variables in %s', (file, heading) => {
  const table = tableUnder(file, heading, 'variable');
  const known = variables();
  // Supervisors set it, and nobody else.
  known.delete('NESTWIRE_SUPERVISED');

  it('are those that the services know, with their defaults', () => {
    expect(known.size).toBeGreaterThan(5);
    expect(namesIn(table, 'variable').toSorted()).toEqual([...known.keys()].toSorted());
    expect(wrongDefaults(table, 'variable', known)).toEqual([]);
  });
});
