/** What a handler was called for. */
export type HandlingKind = 'connect' | 'message' | 'close';

interface Place {
  readonly client: string;
}

/** It was sent, and never handled; or handled, and never answered. */
export interface LostViolation extends Place {
  readonly kind: 'lost';
  readonly what: 'handling' | 'answer';
  readonly sequence: number;
}

/** It came after something that it had to come before. */
export interface ReorderedViolation extends Place {
  readonly kind: 'reordered';
  readonly what: HandlingKind | 'answer';
  /** Of a message or an answer. */
  readonly sequence: number | undefined;
  /** What it came after: a number, or `close`. */
  readonly after: number | 'close';
}

/** It was handled once more without the mark, or answered more often than handled. */
export interface DuplicateViolation extends Place {
  readonly kind: 'duplicate';
  readonly what: HandlingKind | 'answer';
  readonly sequence: number | undefined;
}

/** It was marked as redelivered, though nothing before could have been it. */
export interface WrongMarkViolation extends Place {
  readonly kind: 'wrongMark';
  readonly what: HandlingKind;
  readonly sequence: number | undefined;
}

/** A number was handled or answered that the client never sent. */
export interface InventedViolation extends Place {
  readonly kind: 'invented';
  readonly what: 'message' | 'answer';
  readonly sequence: number;
}

/** `noConnect`: handled or online without OnConnect. `noClose`: gone without OnClose. `closedOnline`: OnClose of one that is there. */
export interface UnpairedViolation extends Place {
  readonly kind: 'unpaired';
  readonly problem: 'noConnect' | 'noClose' | 'closedOnline';
}

/** The client was disconnected, and nobody had asked for it. */
export interface DisconnectedViolation extends Place {
  readonly kind: 'disconnected';
  readonly code: number | undefined;
}

/** The final listing is not what the handlers made of it. */
export interface MembershipViolation extends Place {
  readonly kind: 'membership';
  readonly of: 'group' | 'uid';
  readonly name: string;
  readonly problem: 'missing' | 'unexpected';
}

export type Violation =
  | LostViolation
  | ReorderedViolation
  | DuplicateViolation
  | WrongMarkViolation
  | InventedViolation
  | UnpairedViolation
  | DisconnectedViolation
  | MembershipViolation;

const MOST_LINES = 20;

/** The violations as text, one a line; of many the first ones, and how many more there are. */
export function describeViolations(violations: readonly Violation[], mostLines = MOST_LINES): string {
  const lines = violations.slice(0, mostLines).map(lineOf);
  const more = violations.length - lines.length;
  return more > 0 ? [...lines, `… and ${more} more`].join('\n') : lines.join('\n');
}

function lineOf(violation: Violation): string {
  return `${violation.client}: ${textOf(violation)}`;
}

function textOf(violation: Violation): string {
  switch (violation.kind) {
    case 'lost':
      return violation.what === 'handling'
        ? `message ${violation.sequence} was never handled`
        : `message ${violation.sequence} was handled and never answered`;
    case 'reordered':
      return `${named(violation)} came after ${violation.after}`;
    case 'duplicate':
      return violation.what === 'answer'
        ? `${named(violation)} came more often than it was handled`
        : `${named(violation)} was handled again without the mark`;
    case 'wrongMark':
      return `${named(violation)} was marked as redelivered, and never was delivered before`;
    case 'invented':
      return `${named(violation)} was never sent`;
    case 'unpaired':
      return UNPAIRED[violation.problem];
    case 'disconnected':
      return `was disconnected${violation.code === undefined ? '' : ` with ${violation.code}`}`;
    case 'membership':
      return `${violation.of} "${violation.name}" is ${violation.problem} in the final listing`;
  }
}

const UNPAIRED: Readonly<Record<UnpairedViolation['problem'], string>> = {
  noConnect: 'no OnConnect was handled',
  noClose: 'it is gone, and no OnClose was handled',
  closedOnline: 'OnClose was handled, and it is there',
};

function named({ what, sequence }: { readonly what: string; readonly sequence: number | undefined }): string {
  return sequence === undefined ? what : `${what} ${sequence}`;
}
