/** What the servers' handlers are for. A server that knows both runs them in processes apart. */
export type Handlers = 'plain' | 'validated';

export type GreetingStep = { readonly await: string } | { readonly say: string };

/** How a text is put to a server, and what its answers begin with. */
export interface Dialect {
  /** Before the text, in what is sent. */
  readonly before: string;
  /** After the text. */
  readonly after: string;
  /** Before the text, in what comes back. */
  readonly replyBefore: string;
  /** After the text, in what comes back. @default after */
  readonly replyAfter?: string;
  /** Path of the upgrade request. */
  readonly path?: string;
  /** Said, and waited for, in turn, before anything else; only the suite's own generator can wait. */
  readonly greeting?: readonly GreetingStep[];
  /** Whether the server pings by messages of engine.io. */
  readonly isEngineIo?: boolean;
}

/** The text is the message. */
export const RAW: Dialect = { before: '', after: '', replyBefore: '' };

/** A string as `data` of Nest's `{"event":…,"data":…}`. */
export const NEST_EVENT: Dialect = {
  before: '{"event":"m","data":"',
  after: '"}',
  replyBefore: '{"event":"m","data":"',
};

/** The same over socket.io: an EVENT packet with two arguments, in a MESSAGE packet of engine.io. */
export const SOCKET_IO: Dialect = {
  before: '42["m","',
  after: '"]',
  replyBefore: '42["m","',
  path: '/socket.io/?EIO=4&transport=websocket',
  // The OPEN packet of engine.io, then the CONNECT packets of socket.io, ours and the server's.
  greeting: [{ await: '0' }, { say: '40' }, { await: '40' }],
  isEngineIo: true,
};

/** A DTO to a Nest gateway, which answers with an event. */
export const NEST_DTO: Dialect = {
  before: '{"event":"say","data":{"room":"lobby","text":"',
  after: '"}}',
  replyBefore: '{"event":"said","data":"',
  replyAfter: '"}',
};

/** A DTO to Nestwire, which answers a message that has an id. */
export function nestwireDto(event: string): Dialect {
  return {
    before: `{"event":"${event}","id":1,"data":{"room":"lobby","text":"`,
    after: '"}}',
    replyBefore: '{"id":1,"data":"',
    replyAfter: '"}',
  };
}
