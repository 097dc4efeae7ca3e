/**
 * ```
 * u32 length     whole frame, these 8 bytes included
 * u32 crc32      IEEE CRC-32 of the payload
 * ..  payload    length - 8 bytes; its first byte is the code, except in replies, which have none
 * ```
 */
export const FRAME_HEADER_BYTES = 8;

/**
 * First byte of the payload of a batch: payloads that left together, each behind its length in four bytes, under one header and one
 * checksum. A checksum for each costs as much as everything else that framing does, because messages are small.
 */
export const BATCH_CODE = 211;

/** The length before each payload in a batch. */
export const BATCH_LENGTH_BYTES = 4;
/**
 * No payload is added to a batch that has so many bytes, header included: a checksum over more is no cheaper a byte, and a batch that is
 * cut by a read has to be put together again. It also bounds how many payloads a peer can hand over in one piece.
 */
export const FULL_BATCH_BYTES = 16 * 1024;

/** Largest frame between nodes unless an option says otherwise: 64 MiB. */
export const DEFAULT_MAX_FRAME_BYTES = 64 * 1024 * 1024;
