/** How a text message names an event: `{"event":…,"data":…,"id":…}`. */
export interface Envelope {
  readonly event: string;
  readonly data: unknown;
  /** What the answer repeats. Undefined when the client wants none. */
  readonly id: string | number | undefined;
}

/** A text message that is no envelope. Its `id` was readable all the same, or undefined. */
export interface BadEnvelope {
  readonly event: undefined;
  readonly id: string | number | undefined;
}

const NO_ENVELOPE: BadEnvelope = { event: undefined, id: undefined };

export function parseEnvelope(text: string): Envelope | BadEnvelope {
  const value = parseObject(text);
  if (value === undefined) return NO_ENVELOPE;
  const { event, data, id } = value;
  const answerTo = isAnswerable(id) ? id : undefined;
  // An id that no answer can repeat (an object, a boolean) is a mistake that only the counter can show.
  const isValid = typeof event === 'string' && (answerTo === id || id === null);
  return isValid ? { event, data, id: answerTo } : { event: undefined, id: answerTo };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  // Saves the exception, which costs far more than the rest, for texts that cannot be an object.
  if (text.charCodeAt(0) !== 0x7b && !text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined; // what a client sends is no error of ours; the caller counts it
  }
}

function isAnswerable(id: unknown): id is string | number {
  return typeof id === 'string' || (typeof id === 'number' && Number.isFinite(id));
}
