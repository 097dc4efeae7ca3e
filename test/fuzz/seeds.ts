import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ByteReader, readEvent } from '#protocol';
import type { GoldenEntry, GoldenKind, RecordedPacket } from '../golden/golden-data.js';

/** Found from wherever this file was compiled to: the recording is not. */
const ROOT = projectFolder(dirname(fileURLToPath(import.meta.url)));

function projectFolder(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : projectFolder(dirname(folder));
}

function golden(file: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, 'test/golden', file), 'utf8'));
}

const entries = golden('frames.json') as readonly GoldenEntry[];
const { events } = golden('conversation.json') as { readonly events: readonly Partial<RecordedPacket>[] };

const unique = (hexes: Iterable<string>): Buffer[] =>
  [...new Set(hexes)].map((hex) => Buffer.from(hex, 'hex')).filter(({ length }) => length <= 2048);

/** Payloads of the original's frames of this kind. */
export function goldenPayloads(kind: GoldenKind): Buffer[] {
  return unique(entries.filter((entry) => entry.kind === kind).map(({ load_hex: hex }) => hex));
}

/** The payloads that were recorded for a code and a name that begins like this. */
export function recordedPayloads(isWanted: (name: string) => boolean): Buffer[] {
  return unique(
    events.flatMap(({ frames = [] }) =>
      frames.filter(({ name }) => isWanted(name)).map(({ load_hex: hex }) => hex),
    ),
  );
}

/** Packets of the recorded conversation, whole: several frames each, some of them. */
export const RECORDED_STREAMS: readonly Buffer[] = unique(
  events.flatMap(({ frames, hex }) => (frames === undefined || hex === undefined ? [] : [hex])),
);

/** Whole frames. */
export const GOLDEN_BATCHES: readonly Buffer[] = unique(
  (golden('extension/batches.json') as readonly { readonly frame: string }[]).map(({ frame }) => frame),
);

const recordedEvents = recordedPayloads((name) => name.startsWith('EVENT_'));
export const EVENTS: readonly Buffer[] = [...goldenPayloads('event'), ...recordedEvents];

/** Serialized by PHP: upgrade requests, close details, sessions. */
export const PHP_DETAILS = { open: [] as Buffer[], close: [] as Buffer[], session: [] as Buffer[] };
for (const payload of EVENTS) {
  const event = readEvent(ByteReader.of(payload));
  if (event.session.length > 0) PHP_DETAILS.session.push(event.session);
  if (event.type === 'open' || event.type === 'close') PHP_DETAILS[event.type].push(event.details);
}

export function words(...texts: readonly string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text, 'latin1'));
}

/** Each reply behind the code of its question. */
export const CODED_REPLIES: readonly Buffer[] = unique(
  entries.flatMap(({ kind, code, load_hex: hex }) =>
    kind === 'reply' && code !== null ? [code.toString(16).padStart(2, '0') + hex] : [],
  ),
);
