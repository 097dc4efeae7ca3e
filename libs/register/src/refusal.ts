import {
  HandshakeTimeoutError,
  PeerRefusedError,
  SilentPeerError,
  SlowPeerError,
  TooMuchCarriedError,
  UnfinishedFrameError,
} from '#link';
import { NestwireError, ProtocolError, RefusalCode } from '#protocol';

/** What the register has to say about each reason for which it ends a link. */
const PROBLEMS = {
  wrongSecret:
    'it has another secret. Give every node the same one. While the secret is being changed this is expected, until every node ' +
    'has the list of the new and the old one.',
  otherVersion: 'it speaks another version of the handshake. Run releases together that know each other.',
  wrongRole: 'only gateways, workers and callers of the API dial a register.',
  wrongId: 'a gateway announced another id than the one it introduced itself with.',
  announcedTwice: 'it announced itself twice on one link.',
  unreachableAddress:
    'a gateway told an address where nobody can connect. Let it advertise the address of its machine and its real port.',
  unexpectedMessage: 'it sent what a node of its kind does not send to a register.',
  unknownCode: 'it sent a message that no node sends to a register. Is it a Nestwire node?',
  badFrame: 'it sent a frame that is too long, or damaged. Is it a Nestwire node?',
  malformed: 'it sent a message that is cut short or too long.',
  unfinished: 'it began a message and did not go on with it.',
  nothingAnnounced: 'it connected and announced nothing in time.',
  silent: 'it sent nothing, not even a ping, for too long.',
  notReading: 'it does not read the lists it asked for.',
  tooManyLinks: 'there are as many links as "maxLinks" allows.',
} as const;

/** Why the register ended a link. */
export type RefusalReason = keyof typeof PROBLEMS;

/** What the codes that a handshake is refused with are in these words. */
const REFUSED_HANDSHAKES: Readonly<Record<string, RefusalReason>> = {
  [RefusalCode.Unproven]: 'wrongSecret',
  [RefusalCode.Version]: 'otherVersion',
  [RefusalCode.Role]: 'wrongRole',
};

/** Ends a link to the register: its peer is not, or not rightly, a node of this cluster. */
export class RegisterRefusedError extends NestwireError {
  override readonly name = 'RegisterRefusedError';
  readonly code = 'ERR_NESTWIRE_REGISTER_REFUSED';
  constructor(
    readonly peer: string,
    readonly reason: RefusalReason,
  ) {
    super(`Closed the link to ${peer}: ${PROBLEMS[reason]}`);
  }
}

/** Which refusal a link's end was; undefined when the peer left, or the network failed. */
export function refusalReasonOf(error: Error | undefined): RefusalReason | undefined {
  if (error instanceof RegisterRefusedError) return error.reason;
  if (error instanceof PeerRefusedError) return REFUSED_HANDSHAKES[error.refusal];
  if (error instanceof HandshakeTimeoutError) return 'nothingAnnounced';
  if (error instanceof SilentPeerError) return 'silent';
  if (error instanceof SlowPeerError) return 'notReading';
  if (error instanceof UnfinishedFrameError || error instanceof TooMuchCarriedError) return 'unfinished';
  if (!(error instanceof ProtocolError)) return undefined;
  switch (error.code) {
    case 'ERR_NESTWIRE_UNKNOWN_CODE':
      return 'unknownCode';
    case 'ERR_NESTWIRE_FRAME_LENGTH':
    case 'ERR_NESTWIRE_FRAME_CHECKSUM':
      return 'badFrame';
    default:
      return 'malformed';
  }
}

/** The line for the log: what was wrong, and the detail that the error behind it tells. */
export function describeRefusal(peer: string, reason: RefusalReason, error: Error | undefined): string {
  const isDetailed = error instanceof ProtocolError || reason === 'otherVersion' || reason === 'wrongRole';
  const detail = isDetailed && error !== undefined ? ` (${error.message})` : '';
  return `Closed the link to ${peer}: ${PROBLEMS[reason]}${detail}`;
}
