const NOTHING = Buffer.alloc(0);

/** Bytes that have arrived, and little room for more. */
export class GrowingBytes {
  bytes = NOTHING;
  length = 0;

  /** @param most there will ever be: no more is reserved */
  append(chunk: Buffer, start: number, end: number, most: number): void {
    const needed = this.length + end - start;
    if (needed > this.bytes.length) {
      const roomy = Math.max(this.bytes.length * 2, 1024);
      const grown = Buffer.allocUnsafe(Math.max(needed, Math.min(roomy, most)));
      this.bytes.copy(grown, 0, 0, this.length);
      this.bytes = grown;
    }
    chunk.copy(this.bytes, this.length, start, end);
    this.length = needed;
  }
}

/** Exists from the first fragment of a message to its last. */
export class FragmentedMessage extends GrowingBytes {
  count = 0;
  seenBits = 0;

  constructor(readonly isText: boolean) {
    super();
  }
}
