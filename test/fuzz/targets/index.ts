import type { FuzzTarget } from '../contract.js';
import { batches } from './batches.target.js';
import { commands } from './commands.target.js';
import { closeDetails, openDetails } from './details.target.js';
import { envelope } from './envelope.target.js';
import { events } from './events.target.js';
import { extensionHandshake, extensionLinks, extensionRoster } from './extension.target.js';
import { frames } from './frames.target.js';
import { handshake } from './handshake.target.js';
import { jsonSessions } from './json-sessions.target.js';
import { phpSessions } from './php-sessions.target.js';
import { registerMessages } from './register-messages.target.js';
import { replies } from './replies.target.js';
import { tcpLength, tcpNewline } from './tcp-framings.target.js';
import { wsFrames } from './ws-frames.target.js';
import { wsUpgrade } from './ws-upgrade.target.js';

/** Every parser that faces a socket. What is not here is not fuzzed: fuzz.spec.ts fails for a parser of the protocol that is left out. */
export const TARGETS: readonly FuzzTarget[] = [
  frames,
  batches,
  commands,
  replies,
  events,
  registerMessages,
  extensionHandshake,
  handshake,
  extensionLinks,
  extensionRoster,
  jsonSessions,
  phpSessions,
  openDetails,
  closeDetails,
  wsUpgrade,
  wsFrames,
  tcpNewline,
  tcpLength,
  envelope,
];

export function targetNamed(name: string): FuzzTarget | undefined {
  return TARGETS.find((target) => target.name === name);
}
