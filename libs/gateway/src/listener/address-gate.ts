import type { Socket } from 'node:net';
import type { AddressShare, ThrottleAddresses } from '../connection/throttle-addresses.js';
import { plainAddress } from './upgrade-request.js';

/** Where a socket keeps the share that it has a part in: one function for all of them gives it back. */
const SHARE = Symbol('nestwire address share');

interface SharingSocket extends Socket {
  [SHARE]: AddressShare;
}

/** Counts the sockets of each address, over all listeners, from when they are accepted until they are gone. */
export class AddressGate {
  readonly #onClose: (this: Socket) => void;

  constructor(
    private readonly addresses: ThrottleAddresses,
    private readonly counters: { connectionsOverAddressLimit: number },
  ) {
    this.#onClose = function () {
      addresses.leave((this as SharingSocket)[SHARE]);
    };
  }

  /** @returns false when there are too many of its address already */
  admits(socket: Socket): boolean {
    const address = plainAddress(socket.remoteAddress);
    // It is gone already, and nobody knows any more from where it came.
    if (address === '') return true;
    const share = this.addresses.enter(address);
    if (share === undefined) {
      this.counters.connectionsOverAddressLimit++;
      return false;
    }
    (socket as SharingSocket)[SHARE] = share;
    socket.once('close', this.#onClose);
    return true;
  }
}
