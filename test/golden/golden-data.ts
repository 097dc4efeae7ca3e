import { readFileSync } from 'node:fs';

/** Bytes of the recording; `text` is left out where they are not UTF-8. README.md in this folder describes all of it. */
export interface GoldenBytes {
  readonly hex: string;
  readonly text?: string;
}

export type GoldenKind = 'frame' | 'reply' | 'event' | 'register' | 'clientId';

export interface GoldenEntry {
  readonly name: string;
  readonly kind: GoldenKind;
  readonly code: number | null;
  readonly input: Readonly<Record<string, unknown>>;
  readonly load_hex: string;
  readonly frame_hex: string | null;
  readonly decoded?: Readonly<Record<string, unknown>>;
  readonly request_frame_hex?: string;
  readonly result?: unknown;
  readonly dispatch?: { readonly event: string; readonly client: string; readonly arg?: unknown };
}

export interface RecordedFrame {
  readonly len: number;
  readonly crc_ok: boolean;
  readonly load_hex: string;
  readonly name: string;
  readonly code?: number;
  readonly fd?: number;
  readonly session_php_hex?: string;
  readonly extra_hex?: string;
}

/** One packet of the recorded conversation. */
export interface RecordedPacket {
  readonly n: number;
  readonly conn: number;
  readonly dir: 'c2s' | 's2c';
  readonly hex: string;
  readonly frames?: readonly RecordedFrame[];
}

export interface RecordedConnection {
  readonly id: number;
  readonly role: string;
  readonly server: 'register' | 'gateway-lan' | 'gateway-ws' | 'gateway-tcp';
}

/** What a handler of the original's worker saw. */
export interface RecordedWorkerEvent {
  readonly event: string;
  readonly client: string;
  readonly request?: Readonly<Record<string, unknown>>;
  readonly bind?: Readonly<Record<string, unknown>>;
  readonly opcode?: number;
  readonly flags?: number;
  readonly len?: number;
  readonly data?: string;
}

interface Conversation {
  readonly connections: readonly RecordedConnection[];
  readonly worker_events: readonly RecordedWorkerEvent[];
  readonly events: readonly ({ readonly kind: string } & Partial<RecordedPacket>)[];
}

export const GOLDEN_ENTRIES = readJson('frames.json') as readonly GoldenEntry[];
const conversation = readJson('conversation.json') as Conversation;

export const RECORDED_CONNECTIONS = conversation.connections;
export const RECORDED_WORKER_EVENTS = conversation.worker_events;
/** Packets that carry data, in order of time. */
export const RECORDED_PACKETS = conversation.events.filter(
  (event): event is { readonly kind: string } & RecordedPacket => event.kind === 'data',
);

export function fromHex(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

export function goldenEntry(name: string): GoldenEntry {
  const entry = GOLDEN_ENTRIES.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`There is no golden entry "${name}"`);
  return entry;
}

/** The frames that were recorded under this name, each with the packet it came in. */
export function recordedFrames(name: string): readonly (RecordedFrame & { readonly packet: number })[] {
  return RECORDED_PACKETS.flatMap((packet) =>
    (packet.frames ?? [])
      .filter((frame) => frame.name === name)
      .map((frame) => ({ ...frame, packet: packet.n })),
  );
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
}
