import { NestwireError, formatAddress, type NodeAddress } from '#api';

/** The port of the chat page could not be taken; `cause` is what the system said. */
export class PageListenError extends NestwireError {
  override readonly name = 'PageListenError';
  readonly code = 'ERR_NESTWIRE_PAGE_LISTEN';
  constructor(
    readonly address: NodeAddress,
    cause: Error,
  ) {
    super(
      `The chat page cannot be served on ${formatAddress(address)}: ${cause.message}. ` +
        'Stop what uses that port, or set NESTWIRE_PAGE to another address (port 0 takes a free one).',
      { cause },
    );
  }
}
