import type { Socket } from 'node:net';
import { SharedReader } from './shared-read.js';

/** Who takes what a socket reads. */
export interface ChunkReceiver {
  /** The bytes are the caller's again after the call. */
  received(chunk: Buffer): void;
}

/** Where a socket keeps its receiver: what it calls is one function for all of them, not a closure each. */
const RECEIVER = Symbol('nestwire receiver');

interface ReceivingSocket extends Socket {
  [RECEIVER]: ChunkReceiver;
}

const reader = new SharedReader(function (chunk) {
  (this as ReceivingSocket)[RECEIVER].received(chunk);
});

/** Starts reading a socket that is connected. */
export function readInto(receiver: ChunkReceiver, socket: Socket): void {
  (socket as ReceivingSocket)[RECEIVER] = receiver;
  reader.attach(socket);
}
