/**
 * ```
 * u32 length     whole frame, these 8 bytes included
 * u32 crc32      IEEE CRC-32 of the payload
 * ..  payload    length - 8 bytes; its first byte is the code, except in replies, which have none
 * ```
 */
export const FRAME_HEADER_BYTES = 8;

/** Largest frame between nodes unless an option says otherwise: 64 MiB. */
export const DEFAULT_MAX_FRAME_BYTES = 64 * 1024 * 1024;
