import type { Link } from '#link';

/** What both protocols leave to the port. */
export interface LinkPort {
  /** @returns false when there are too many: the link is being ended */
  admit(link: Link): boolean;
  closed(link: Link, reason: Error | undefined): void;
}
