import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as nestwire from '../src/index.js';
import * as testing from '../src/testing.js';
import { CloseCode } from '#protocol';
import { COUNTERS } from './docs/counters.js';
import { codeIn, namesIn, ROOT, tablesOf, tableUnder, textOf } from './docs/page.js';

const PAGE = 'docs/errors.md';
const CODE = /\bERR_NESTWIRE_\w+/g;
/** Codes of WebSocket itself, which the gateway's reader of frames gives. */
const FRAME_CODES = ['1002', '1007'];
/** Of a client that went as it should. */
const USUAL = [String(CloseCode.Normal)];

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(({ name }) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
    .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name)))
    .filter((file) => !file.includes('/test/'));
}

const codesIn = (text: string): string[] => [...text.matchAll(CODE)].map(([code]) => code);

const libraries = sources('libs');
const inCode = new Set([...libraries, ...sources('apps')].flatMap((file) => codesIn(textOf(file))));
const tables = tablesOf(PAGE);

describe('docs/errors.md', () => {
  it('lists every error code that there is, and no other', () => {
    expect(inCode.size).toBeGreaterThan(40);
    const told = tables.flatMap((table) => namesIn(table, 'code').flatMap(codesIn));
    expect(told.toSorted()).toEqual([...inCode].toSorted());
  });

  it('names classes that can be imported, and all of them', () => {
    const doors = new Map<string, unknown>([...Object.entries(nestwire), ...Object.entries(testing)]);
    const classes = tables.flatMap((table) => namesIn(table, 'class'));
    expect(classes.filter((name) => typeof doors.get(name) !== 'function')).toEqual([]);
    const errors = [...doors.keys()].filter((name) => name.endsWith('Error') && name !== 'NestwireError');
    expect(errors.filter((name) => !classes.includes(name))).toEqual([]);
  });

  it('gives each class its codes', () => {
    const wrong = tables
      .flatMap(({ rows }) => rows)
      .flatMap((row) => codeIn(row['class'] ?? '').map((name) => ({ name, codes: codesIn(row['code']!) })))
      .filter(({ name, codes }) => {
        const home = libraries.find((file) => textOf(file).includes(`class ${name}`));
        return home === undefined || codes.some((code) => !textOf(home).includes(`'${code}'`));
      });
    expect(wrong).toEqual([]);
  });

  it('lists every close code', () => {
    const { rows } = tableUnder(PAGE, 'Close codes', 'code');
    const told = rows.flatMap((row) => row['code']!.split(', '));
    const sent = Object.values(CloseCode).map(String);
    expect(told.filter((code) => ![...sent, ...FRAME_CODES].includes(code))).toEqual([]);
    const reserved = codeNumbers(/^Reserved, [^\n]+(?:\n[^\n]+)*/m.exec(textOf(PAGE))?.[0] ?? '');
    expect([...told, ...reserved, ...USUAL].toSorted()).toEqual([...sent, ...FRAME_CODES].toSorted());
  });

  it.each(COUNTERS)('lists everything that is counted: $heading', ({ heading, names }) => {
    expect(namesIn(tableUnder(PAGE, heading, 'counter'), 'counter').toSorted()).toEqual(names.toSorted());
  });

  it('says nothing of what is in no table', () => {
    const words = codeIn(textOf(PAGE)).flatMap(codesIn);
    expect(words.filter((code) => !inCode.has(code))).toEqual([]);
  });
});

function codeNumbers(text: string): string[] {
  return [...text.matchAll(/\b\d{4}\b/g)].map(([code]) => code);
}
