import type { ByteString } from '#protocol';

/** A power of two. A million names make Maps of 1,024 each. */
const PARTS = 1_024;

/**
 * A Map from names that never stands still: one of a million entries pauses the process for 74 ms when it grows, so this is many
 * small ones, and a name's hash says which.
 */
export class NameMap<Value> {
  readonly #parts: (Map<ByteString, Value> | undefined)[] = Array.from({ length: PARTS });

  get size(): number {
    let size = 0;
    for (const part of this.#parts) size += part?.size ?? 0;
    return size;
  }

  get(name: ByteString): Value | undefined {
    return this.#parts[partOf(name)]?.get(name);
  }

  /** The Map in which the name has its place. */
  partFor(name: ByteString): Map<ByteString, Value> {
    return (this.#parts[partOf(name)] ??= new Map());
  }

  /** Each name is in exactly one. A part is small enough to be walked through at once. */
  *parts(): IterableIterator<Map<ByteString, Value>> {
    for (const part of this.#parts) if (part !== undefined) yield part;
  }
}

/** FNV-1a, folded. The same on every gateway, so that the samples of several gateways are samples of the same names. */
function partOf(name: ByteString): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 16)) & (PARTS - 1);
}
