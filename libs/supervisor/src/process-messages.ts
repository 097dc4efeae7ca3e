/** What a process tells its supervisor. */
export type ProcessMessage =
  | { readonly nestwire: 'ready'; readonly facts: unknown }
  /** Somebody other than the supervisor has sent it a SIGTERM: may it go? */
  | { readonly nestwire: 'terminated' };

/** What a supervisor tells a process. */
export interface SupervisorMessage {
  readonly nestwire: 'stop';
}

/** @returns undefined for a message that is none of ours: an application may use the channel too */
export function asProcessMessage(message: unknown): ProcessMessage | undefined {
  const kind = kindOf(message);
  return kind === 'ready' || kind === 'terminated' ? (message as ProcessMessage) : undefined;
}

export function isStopMessage(message: unknown): message is SupervisorMessage {
  return kindOf(message) === 'stop';
}

function kindOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'nestwire' in message
    ? message.nestwire
    : undefined;
}
