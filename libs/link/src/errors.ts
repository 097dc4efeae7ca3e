import { NestwireError, formatAddress, type NodeAddress } from '#protocol';

/** The peer does not read, and what waits for it would fill our memory. */
export class SlowPeerError extends NestwireError {
  override readonly name = 'SlowPeerError';
  readonly code = 'ERR_NESTWIRE_SLOW_PEER';
  constructor(
    readonly peer: string,
    readonly queuedBytes: number,
    readonly limitBytes: number,
  ) {
    super(
      `${peer} is not reading: ${queuedBytes} bytes are queued for it, and ${limitBytes} is the limit. ` +
        'Look for what blocks that process, or raise "maxQueuedBytes".',
    );
  }
}

/** The peer connected, or was dialled, and did not get through its handshake in time. */
export class HandshakeTimeoutError extends NestwireError {
  override readonly name = 'HandshakeTimeoutError';
  readonly code = 'ERR_NESTWIRE_HANDSHAKE_TIMEOUT';
  constructor(
    readonly peer: string,
    readonly timeoutMs: number,
  ) {
    super(
      `${peer} did not finish its handshake in ${timeoutMs} ms. Is it a Nestwire node of the right kind?`,
    );
  }
}

/** The peer has sent nothing for too long: a half-open connection, or a process that hangs. */
export class SilentPeerError extends NestwireError {
  override readonly name = 'SilentPeerError';
  readonly code = 'ERR_NESTWIRE_SILENT_PEER';
  constructor(
    readonly peer: string,
    readonly timeoutMs: number,
  ) {
    super(
      `${peer} has sent nothing for ${timeoutMs} ms, not even a ping: it hangs or the network between is cut.`,
    );
  }
}

/** The TCP connection ended or could not be made; `cause` is what the system said. */
export class LinkClosedError extends NestwireError {
  override readonly name = 'LinkClosedError';
  readonly code = 'ERR_NESTWIRE_LINK_CLOSED';
  constructor(
    readonly peer: string,
    cause?: Error,
  ) {
    super(
      cause === undefined ? `${peer} closed the link` : `The link to ${peer} failed: ${describe(cause)}`,
      {
        cause,
      },
    );
  }
}

/** A name that stands for several addresses fails with an error for each of them, and an empty text of its own. */
function describe(cause: Error): string {
  if (!(cause instanceof AggregateError)) return cause.message;
  return cause.errors.map((error) => (error instanceof Error ? error.message : String(error))).join('; ');
}

/** A port could not be taken. */
export class ListenError extends NestwireError {
  override readonly name = 'ListenError';
  readonly code = 'ERR_NESTWIRE_LISTEN';
  constructor(
    readonly address: NodeAddress,
    readonly option: string,
    cause: Error,
  ) {
    super(
      `Cannot listen on ${formatAddress(address)}: ${cause.message}. ` +
        `Stop what uses that port, or set ${option} to another address (port 0 takes a free one).`,
      { cause },
    );
  }
}

/** The peer began a frame and does not go on with it, while what came of it takes our memory. */
export class UnfinishedFrameError extends NestwireError {
  override readonly name = 'UnfinishedFrameError';
  readonly code = 'ERR_NESTWIRE_UNFINISHED_FRAME';
  constructor(
    readonly peer: string,
    readonly carriedBytes: number,
    readonly timeoutMs: number,
  ) {
    super(
      `${peer} has begun a frame, sent ${carriedBytes} bytes of it, and got no further in ${timeoutMs} ms: ` +
        'it hangs, or is no Nestwire node. See "frameTimeoutMs".',
    );
  }
}

/** The unfinished frames of all links together take more memory than they may. */
export class TooMuchCarriedError extends NestwireError {
  override readonly name = 'TooMuchCarriedError';
  readonly code = 'ERR_NESTWIRE_TOO_MUCH_CARRIED';
  constructor(
    readonly peer: string,
    readonly carriedBytes: number,
    readonly limitBytes: number,
  ) {
    super(
      `${peer} has sent ${carriedBytes} bytes of a frame that is not complete, and unfinished frames may take ` +
        `${limitBytes} bytes on all links together. Look for who sends so much at once, or raise "maxCarriedBytes".`,
    );
  }
}
