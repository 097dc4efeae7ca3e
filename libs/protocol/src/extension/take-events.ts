import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { registerWorker, type Tag } from '../commands/link.commands.js';
import { ExtensionCode } from './codes.js';

/** On what terms a worker takes events. */
export interface TakeEvents {
  /** Most bytes of events that may be at the worker without being done with; 0 leaves it to the gateway. */
  readonly windowBytes: number;
  readonly tags: readonly Tag[];
}

/** `u8 206 | u32 window | JSON list of tags` */
export function writeTakeEvents(writer: ByteWriter, { windowBytes, tags }: TakeEvents): void {
  writer.u8(ExtensionCode.TakeEvents);
  writer.u32(windowBytes);
  registerWorker.request.write(writer, tags);
}

/** @throws ProtocolError when it is cut short, or the tags are no list of scalars */
export function readTakeEvents(reader: ByteReader): TakeEvents {
  return { windowBytes: reader.u32(), tags: registerWorker.request.read(reader) };
}
