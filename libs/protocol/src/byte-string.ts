declare const byteString: unique symbol;

/**
 * A string in which every character is one byte (0–255), as the Web IDL type of the same name.
 * Uids and group names are byte strings on the wire: PHP peers may use any bytes, and this form keeps
 * them apart in a `Map` without loss and without a Buffer a key. ASCII text looks the same in both forms,
 * so the brand is what stops text from being taken for bytes.
 */
export type ByteString = string & { readonly [byteString]: true };

const NON_ASCII = /[^\0-\x7f]/;

/** The UTF-8 bytes of `text`. */
export function byteStringFromText(text: string): ByteString {
  return (NON_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text) as ByteString;
}

/** The text whose UTF-8 bytes these are; bytes that are not UTF-8 become U+FFFD. */
export function textFromByteString(bytes: ByteString): string {
  return NON_ASCII.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

export function byteStringFromBytes(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') as ByteString;
}

export function bytesFromByteString(bytes: ByteString): Buffer {
  return Buffer.from(bytes, 'latin1');
}
