import { InvalidArgumentError, type ClientId } from '#protocol';

export interface MessageOptions {
  /**
   * What the message is the newest state of, say `score:42`; at most 255 bytes of UTF-8. Of messages with one key that wait for a
   * slow client only the newest is kept. The base protocol has no word for it: there all of them are sent.
   */
  readonly key?: string | undefined;
}

export interface SendOptions extends MessageOptions {
  /** Clients that do not get it; at most 65,535 of one gateway. */
  readonly exclude?: readonly ClientId[] | undefined;
}

export interface CloseClientOptions {
  /** Now: what is queued is lost, and a WebSocket client sees 1006. @default false */
  readonly force?: boolean | undefined;
  /** With the close code 1008, "do not come back", instead of 4004. A gateway of the original closes now. @default false */
  readonly denied?: boolean | undefined;
}

export interface ClientListOptions {
  /** Go on behind this client, which need not be there any more. */
  readonly after?: ClientId | undefined;
}

export interface PagedClientListOptions extends ClientListOptions {
  /**
   * How many clients a gateway is asked for at a time.
   * @default 100
   */
  readonly pageSize?: number | undefined;
}

export interface UidCountOptions {
  /**
   * Estimate instead of listing every uid: the sum over all gateways times the share of uids that are distinct. A number is
   * that share (0.8: of five uids, one is another gateway's, too); `true` finds it in samples of 100 uids of each gateway.
   */
  readonly sample?: number | true | undefined;
}

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 0xffff_ffff;

/** @throws InvalidArgumentError for a size that is none */
export function pageSizeOf({ pageSize = DEFAULT_PAGE_SIZE }: PagedClientListOptions): number {
  if (Number.isInteger(pageSize) && pageSize >= 1 && pageSize <= MAX_PAGE_SIZE) return pageSize;
  throw new InvalidArgumentError('pageSize', `must be a whole number of at least 1, not ${pageSize}.`);
}
