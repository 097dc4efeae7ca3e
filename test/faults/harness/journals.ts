import { existsSync, readFileSync } from 'node:fs';
import type { JournalEntry } from '../app/worker/journal.js';

/** One life of a worker, as far as its evidence goes. */
export interface JudgedLife {
  readonly name: string;
  /** The file of its journal. */
  readonly journal: string;
  /** On the clock that all processes share: it lived until then at least. */
  readonly killedAtMs: number | undefined;
}

/** Something that a handler wrote down, and which worker it was. */
export interface Sighting {
  readonly entry: JournalEntry;
  readonly by: JudgedLife;
}

export function readJournal({ journal }: JudgedLife): JournalEntry[] {
  if (!existsSync(journal)) return [];
  const lines = readFileSync(journal, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as JournalEntry);
}

/** What all workers saw of each client, in the order of time. */
export function sightingsByClient(lives: readonly JudgedLife[]): ReadonlyMap<string, readonly Sighting[]> {
  const all = lives.flatMap((by) => readJournal(by).map((entry): Sighting => ({ entry, by })));
  all.sort((a, b) => a.entry[1] - b.entry[1]);
  const byClient = new Map<string, Sighting[]>();
  for (const sighting of all) {
    const clientId = sighting.entry[2];
    const before = byClient.get(clientId);
    if (before === undefined) byClient.set(clientId, [sighting]);
    else before.push(sighting);
  }
  return byClient;
}
