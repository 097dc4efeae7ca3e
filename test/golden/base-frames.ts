import { crc32 } from 'node:zlib';

/**
 * The base protocol's frames and the places of connection ids in them, written down once more and without the code under test:
 * what both got wrong the same way would compare as right.
 */
const HEADER_BYTES = 8;
const FD_BYTES = 4;

/** Commands that begin with the connection they are about. */
const ABOUT_ONE_CLIENT: ReadonlySet<number> = new Set([1, 2, 3, 7, 12, 16, 17, 18, 21, 23, 24, 26]);
const GET_CLIENT_LIST = 8;
const SEND_TO_ALL = 20;
const SEND_TO_GROUP = 22;
const LISTS_OF_CLIENTS = ['reply:GetClientList', 'reply:GetClientListByGroup', 'reply:GetClientListByUid'];

export function frameOf(payload: Uint8Array): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + payload.length);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(crc32(payload), 4);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** @returns the first frame's payload, or undefined while it is incomplete. @throws for a wrong crc */
export function firstPayload(bytes: Buffer): Buffer | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const length = bytes.readUInt32BE(0);
  if (length < HEADER_BYTES) throw new Error(`A frame says that it has ${length} bytes`);
  if (bytes.length < length) return undefined;
  const payload = bytes.subarray(HEADER_BYTES, length);
  if (bytes.readUInt32BE(4) !== crc32(payload)) throw new Error('A frame has a wrong crc');
  return payload;
}

export function frameBytes(payload: Uint8Array): number {
  return HEADER_BYTES + payload.length;
}

/** Where connection ids stand in a command's payload. */
export function fdsInCommand(payload: Buffer): number[] {
  const code = payload.readUInt8(0);
  if (ABOUT_ONE_CLIENT.has(code)) return [1];
  if (code === GET_CLIENT_LIST) return [1 + FD_BYTES];
  if (code === SEND_TO_ALL) return run(3, payload.readUInt16BE(1));
  if (code === SEND_TO_GROUP) return run(4 + payload.readUInt8(1), payload.readUInt16BE(2));
  return [];
}

/** Where connection ids stand in a reply's payload, given what the recording calls it. */
export function fdsInReply(payload: Buffer, name: string): number[] {
  return LISTS_OF_CLIENTS.includes(name) ? run(0, payload.length / FD_BYTES) : [];
}

/** Each event is about one connection. */
export const FDS_IN_EVENT: readonly number[] = [1];

/** A copy in which the ids at these places are exchanged; one that is not in the map stays as it is. */
export function withFds(
  payload: Buffer,
  places: readonly number[],
  ids: ReadonlyMap<number, number>,
): Buffer {
  const copy = Buffer.from(payload);
  for (const place of places) {
    const id = copy.readUInt32BE(place);
    copy.writeUInt32BE(ids.get(id) ?? id, place);
  }
  return copy;
}

function run(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index * FD_BYTES);
}
