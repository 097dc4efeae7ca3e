/** Something the chat does not do for this client; code and message are told to it. */
export abstract class ChatError extends Error {
  abstract readonly code: string;
}

export class NotSignedInError extends ChatError {
  override readonly name = 'NotSignedInError';
  readonly code = 'NOT_SIGNED_IN';
  constructor() {
    super('Sign in first');
  }
}

export class AlreadySignedInError extends ChatError {
  override readonly name = 'AlreadySignedInError';
  readonly code = 'ALREADY_SIGNED_IN';
  constructor() {
    super('You are signed in already. Connect again to take another name');
  }
}

export class NotInRoomError extends ChatError {
  override readonly name = 'NotInRoomError';
  readonly code = 'NOT_IN_ROOM';
  constructor(readonly room: string) {
    super(`You are not in "${room}". Join it first`);
  }
}

export class TooManyRoomsError extends ChatError {
  override readonly name = 'TooManyRoomsError';
  readonly code = 'TOO_MANY_ROOMS';
  constructor(readonly limit: number) {
    super(`You are in ${limit} rooms, which is the most. Leave one first`);
  }
}

export class UserOfflineError extends ChatError {
  override readonly name = 'UserOfflineError';
  readonly code = 'USER_OFFLINE';
  constructor(readonly user: string) {
    super(`${user} is not online`);
  }
}
