export type LinkState = 'connecting' | 'handshaking' | 'open' | 'draining' | 'closed';

/** The life of a link. A reconnect makes a new one, so late events of an old socket have nothing to act on. */
export const LINK_TRANSITIONS: Readonly<Record<LinkState, readonly LinkState[]>> = {
  connecting: ['handshaking', 'draining', 'closed'],
  handshaking: ['open', 'draining', 'closed'],
  open: ['draining', 'closed'],
  draining: ['closed'],
  closed: [],
};
