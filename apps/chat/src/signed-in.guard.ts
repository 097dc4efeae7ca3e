import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { ClientEventContext } from '#worker';
import { NotSignedInError } from './chat.errors.js';

/** Lets those pass whose session says who they are. */
@Injectable()
export class SignedInGuard implements CanActivate {
  /** @throws NotSignedInError, which tells more than `false` would. */
  canActivate(context: ExecutionContext): boolean {
    const { session } = context.switchToRpc().getContext<ClientEventContext>();
    if (session['uid'] === undefined) throw new NotSignedInError();
    return true;
  }
}
