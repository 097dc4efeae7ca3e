/** The replies of most turns fit one; more are taken as needed. */
const BLOCK_BYTES = 64 * 1024;
/** Kept for the next turns: 1 MiB. */
const KEPT_BLOCKS = 16;
const NO_BLOCK = Buffer.alloc(0);

/**
 * Where the frames of one turn of the event loop are written before they are sent: one after another, so that what a client gets in
 * a burst lies together and leaves in one write without being copied once more. The blocks are used again in the next turn.
 */
export class OutputArena {
  /** Where there was room the last time. */
  block: Buffer = NO_BLOCK;
  offset = 0;
  readonly #blocks: Buffer[] = [];
  #next = 0;
  #end = 0;

  /** Finds room for so many bytes, which are the caller's until the end of the turn, at `offset` of `block`. */
  reserve(bytes: number): void {
    if (this.#end + bytes > this.block.length) this.#takeBlock(bytes);
    this.offset = this.#end;
    this.#end += bytes;
  }

  holds(block: Buffer): boolean {
    return this.#blocks.includes(block);
  }

  /** The system did not take all of what lies in this block: it is the socket's now, until it has been sent. */
  abandon(block: Buffer): void {
    const index = this.#blocks.indexOf(block);
    if (index < 0) return;
    this.#blocks.splice(index, 1);
    if (index < this.#next) this.#next--;
    if (block === this.block) this.block = NO_BLOCK;
  }

  /** The turn is over, and everything has been handed to the system. */
  reset(): void {
    if (this.#blocks.length > KEPT_BLOCKS) this.#blocks.length = KEPT_BLOCKS;
    this.block = NO_BLOCK;
    this.#next = 0;
    this.#end = 0;
  }

  #takeBlock(bytes: number): void {
    this.#end = 0;
    // A large message gets a block of its own, which is not kept.
    this.block =
      bytes > BLOCK_BYTES
        ? Buffer.allocUnsafeSlow(bytes)
        : (this.#blocks[this.#next++] ??= Buffer.allocUnsafeSlow(BLOCK_BYTES));
  }
}
