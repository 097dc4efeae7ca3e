import {
  encodeFrame,
  readRosterMessage,
  writeRosterMessage,
  ByteReader,
  type GatewayEntry,
  type RosterMessage,
} from '#protocol';
import type { PeerIdentity } from '#link';
import type { RegisterOptions } from '#register';
import { ByHand, GATEWAY, WORKER } from './handshake-kit.js';
import { RawPeer, until } from './link-kit.js';
import { startRegister, type StartedRegister } from './register-kit.js';

const NONCE = Buffer.alloc(16, 0xd1);

/** A register of our own protocol on a free port, closed when the test is over. */
export function startRosterRegister(options: Partial<RegisterOptions> = {}): Promise<StartedRegister> {
  return startRegister({ protocol: 'nestwire', name: 'register 1', ...options });
}

export function rosterFrame(message: RosterMessage): Buffer {
  return encodeFrame((writer) => writeRosterMessage(writer, message));
}

export const ROSTER_PING = rosterFrame({ type: 'ping' });

/** One of many gateways. */
export function entry(number: number, given: Partial<GatewayEntry> = {}): GatewayEntry {
  const id = `f0000000${number.toString(16).padStart(4, '0')}`;
  return { id, address: { host: `10.0.0.${number}`, port: 9108 }, zone: '', features: 0, ...given };
}

export function asGateway({ id }: GatewayEntry): PeerIdentity {
  return { ...GATEWAY, gatewayId: id };
}

/** What a peer was told since its handshake. */
export function told(peer: RawPeer): RosterMessage[] {
  return peer.frames.slice(2).map((payload) => readRosterMessage(ByteReader.of(payload)));
}

/** The lists among it, each as its ids. */
export function listedIds(peer: RawPeer): string[][] {
  return told(peer).flatMap((message) =>
    message.type === 'gatewayList' ? [message.gateways.map(({ id }) => id)] : [],
  );
}

/** A raw peer that has proven itself by hand. */
export async function proven({ address }: StartedRegister, identity: PeerIdentity): Promise<RawPeer> {
  const peer = await RawPeer.dial(address);
  const hand = new ByHand();
  peer.send(hand.opening('hello', NONCE));
  await until(() => peer.frames.length === 1, 'the challenge has come');
  hand.heard(peer.frames[0]!);
  peer.send(hand.introduction('auth', identity));
  await until(() => peer.frames.length >= 2, 'Ready has come');
  return peer;
}

/** One that wants the list, and got the first. */
export async function provenWorker(register: StartedRegister): Promise<RawPeer> {
  const peer = await proven(register, WORKER);
  await until(() => told(peer).length === 1, 'the first list has come');
  return peer;
}

/** One that is listed. */
export async function listedGateway(register: StartedRegister, gateway: GatewayEntry): Promise<RawPeer> {
  const peer = await proven(register, asGateway(gateway));
  peer.write(rosterFrame({ type: 'announce', gateway }), ROSTER_PING);
  await until(() => told(peer).length === 1, 'the announcement is read');
  return peer;
}
