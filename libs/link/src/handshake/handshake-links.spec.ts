import { describe, expect, it } from 'vitest';
import {
  HandshakeRefusedError,
  LinkClosedError,
  PeerRefusedError,
  UnexpectedPeerError,
  type Refusal,
} from '#link';
import { InvalidArgumentError, InvalidOptionError } from '#protocol';
import {
  dialWithHandshake,
  GATEWAY,
  GATEWAY_ID,
  HandshakeRecorder,
  listenForHandshakes,
  LISTENER_TERMS,
  WORKER,
} from '../../../../test/links/handshake-kit.js';
import { dialerHandshake, listenerHandshake } from './handshake-handlers.js';

describe('two nodes that know the secret', () => {
  it('open the link, and each knows who the other one is', async () => {
    const listener = await listenForHandshakes();
    const dialer = dialWithHandshake(listener.address);
    expect(await dialer.recorder.peer()).toEqual(GATEWAY);
    expect(await listener.recorder.peer()).toEqual(WORKER);
    expect(dialer.link.state).toBe('open');
    expect(listener.recorder.links[0]!.state).toBe('open');
    expect(dialer.recorder.news).toEqual(['connected', 'welcomed']);
    expect(listener.recorder.news).toEqual(['connected', 'welcomed']);
  });

  it('hand over frames from then on, those of the listener right behind its Ready', async () => {
    const listener = await listenForHandshakes({}, { maxHandshakeFrameBytes: 4_096 });
    const large = 'x'.repeat(10_000);
    listener.recorder.onWelcomed = (link) => link.send((writer) => writer.payload(large));
    const dialer = dialWithHandshake(listener.address);
    await dialer.recorder.received(1);
    expect(dialer.recorder.texts).toEqual([large]);
    dialer.link.send((writer) => writer.payload('an answer'));
    await listener.recorder.received(1);
    expect(listener.recorder.texts).toEqual(['an answer']);
  });

  it('go on hearing each other while one of them drains', async () => {
    const listener = await listenForHandshakes();
    const dialer = dialWithHandshake(listener.address);
    await dialer.recorder.peer();
    await listener.recorder.peer();
    listener.recorder.links[0]!.send((writer) => writer.payload('said before it knew'));
    dialer.link.drain();
    await dialer.recorder.received(1);
    expect(dialer.recorder.texts).toEqual(['said before it knew']);
    expect(await dialer.recorder.closing()).toBeUndefined();
  });

  it('ask for the session anew at each handshake', async () => {
    const listener = await listenForHandshakes();
    let life = 0;
    const session = (): string => `${life++}`.padStart(32, '0');
    const recorder = new HandshakeRecorder();
    dialerHandshake({ ...WORKER, secrets: ['s3cret'], session, role: 'caller', name: '' }, recorder);
    expect(life).toBe(0);
    for (let dial = 0; dial < 3; dial++) dialWithHandshake(listener.address, { session });
    await listener.recorder.peer(2);
    expect(new Set(listener.recorder.peers.map((peer) => peer.session)).size).toBe(3);
  });

  it('may name themselves in any script, or not at all', async () => {
    const listener = await listenForHandshakes({ name: '' });
    const dialer = dialWithHandshake(listener.address, { name: 'Größe 名前' });
    expect(await listener.recorder.peer()).toMatchObject({ name: 'Größe 名前' });
    expect(await dialer.recorder.peer()).toMatchObject({ name: '' });
  });

  it('end the link with what the owner throws when it is told', async () => {
    const listener = await listenForHandshakes();
    const dialer = dialWithHandshake(listener.address);
    const problem = new Error('the wrong gateway');
    dialer.recorder.onWelcomed = () => {
      throw problem;
    };
    expect(await dialer.recorder.closing()).toBe(problem);
    expect(await listener.recorder.closing()).toBeInstanceOf(LinkClosedError);
  });

  it('say nothing when the owner ends the link as soon as it is connected', async () => {
    const listener = await listenForHandshakes();
    const problem = new Error('full');
    listener.recorder.onConnected = (link) => link.destroy(problem);
    const dialer = dialWithHandshake(listener.address);
    expect(await listener.recorder.closing()).toBe(problem);
    await dialer.recorder.closing();
    expect(dialer.recorder.peers).toEqual([]);
  });
});

describe('a node with another secret', () => {
  it('is told so, and both sides know it for sure', async () => {
    const listener = await listenForHandshakes();
    const dialer = dialWithHandshake(listener.address, { secrets: ['s3creT'] });
    const told = await dialer.recorder.closing();
    expect(told).toBeInstanceOf(HandshakeRefusedError);
    const { host, port } = listener.address;
    expect(told).toMatchObject({
      code: 'ERR_NESTWIRE_HANDSHAKE_REFUSED',
      refusal: 'unproven',
      text: 'the secret differs',
      peer: `${host}:${port}`,
      message:
        `${host}:${port} refused this node (unproven): the secret differs. Give every node the same one; ` +
        'while it is being changed, every node a list of the new and the old one.',
    });
    const kept = await listener.recorder.closing();
    expect(kept).toBeInstanceOf(PeerRefusedError);
    expect(kept).toMatchObject({ code: 'ERR_NESTWIRE_PEER_REFUSED', refusal: 'unproven' });
    expect(listener.recorder.peers).toEqual([]);
    expect(dialer.recorder.peers).toEqual([]);
    expect(listener.recorder.frames).toEqual([]);
  });

  it.each([
    ['', 's3cret'],
    ['s3cret', ''],
    ['s3cret', 's3cret '],
    ['x'.repeat(64), 'x'.repeat(65)],
    ['Schlüssel', 'Schlussel'],
  ])('is refused: %j against %j', async (theirs, ours) => {
    const listener = await listenForHandshakes({ secrets: [ours] });
    const dialer = dialWithHandshake(listener.address, { secrets: [theirs] });
    expect(await dialer.recorder.closing()).toMatchObject({ refusal: 'unproven' });
  });

  it.each(['', 'Schlüssel', 'x'.repeat(4_000)])('is one of us with the same: %j', async (secret) => {
    const listener = await listenForHandshakes({ secrets: [secret] });
    await dialWithHandshake(listener.address, { secrets: [secret] }).recorder.peer();
  });
});

describe('a listener', () => {
  it.each([
    ['gateway', 'gateway'],
    ['register', 'gateway'],
    ['register', 'register'],
  ] as const)('refuses a %s that dials a %s', async (dialing, listening) => {
    const listener = await listenForHandshakes({
      role: listening,
      gatewayId: listening === 'gateway' ? GATEWAY_ID : '',
    });
    const dialer = dialWithHandshake(listener.address, {
      role: dialing,
      gatewayId: dialing === 'gateway' ? GATEWAY_ID : '',
    });
    expect(await dialer.recorder.closing()).toMatchObject({
      refusal: 'role',
      text: `a ${dialing} does not dial a ${listening}`,
    });
    expect(await listener.recorder.closing()).toMatchObject({ refusal: 'role' });
  });

  it('of a register lets gateways in, and knows their ids', async () => {
    const listener = await listenForHandshakes({ role: 'register', gatewayId: '' });
    dialWithHandshake(listener.address, { role: 'gateway', gatewayId: GATEWAY_ID, features: 0xffff_ffff });
    expect(await listener.recorder.peer()).toMatchObject({
      role: 'gateway',
      gatewayId: GATEWAY_ID,
      features: 0xffff_ffff,
    });
  });

  it('may refuse a peer that is proven, for reasons of its own', async () => {
    const fenced: Refusal = { code: 'fenced', text: 'this session was given up: come back with a new one' };
    const listener = await listenForHandshakes({
      admit: ({ session }) => (session === WORKER.session ? fenced : undefined),
    });
    const dialer = dialWithHandshake(listener.address);
    const told = await dialer.recorder.closing();
    expect(told).toMatchObject({ refusal: 'fenced', text: fenced.text });
    expect(told?.message).toContain('(fenced): this session was given up: come back with a new one');
    expect(await listener.recorder.closing()).toMatchObject({ refusal: 'fenced' });
    const anew = dialWithHandshake(listener.address, { session: () => '00'.repeat(16) });
    await anew.recorder.peer();
  });

  it('does not ask about a peer that is not proven', async () => {
    const asked: string[] = [];
    const listener = await listenForHandshakes({
      admit: ({ name }) => {
        asked.push(name);
        return undefined;
      },
    });
    await dialWithHandshake(listener.address, { secrets: ['guess'] }).recorder.closing();
    await dialWithHandshake(listener.address).recorder.peer();
    expect(asked).toEqual(['worker 1']);
  });

  it('cuts a refusal that is too long for a handshake', async () => {
    const listener = await listenForHandshakes({ admit: () => ({ code: 'full', text: 'ü'.repeat(10_000) }) });
    const dialer = dialWithHandshake(listener.address);
    expect(await dialer.recorder.closing()).toMatchObject({ refusal: 'full', text: 'ü'.repeat(500) });
  });
});

describe('a dialer', () => {
  it('ends the link when a node of another kind listens there', async () => {
    const listener = await listenForHandshakes();
    const dialer = dialWithHandshake(listener.address, { peerRole: 'register' });
    const reason = await dialer.recorder.closing();
    expect(reason).toBeInstanceOf(UnexpectedPeerError);
    expect(reason).toMatchObject({
      code: 'ERR_NESTWIRE_UNEXPECTED_PEER',
      role: 'gateway',
      expected: 'register',
      message: `127.0.0.1:${listener.address.port} is a gateway, and a register was expected there. Correct the address.`,
    });
    expect(dialer.recorder.peers).toEqual([]);
  });
});

describe('the terms of a handshake', () => {
  it('are checked before the first link', () => {
    const recorder = new HandshakeRecorder();
    expect(() => listenerHandshake({ ...LISTENER_TERMS, secrets: [] }, recorder)).toThrow(InvalidOptionError);
    for (const wrong of [{ name: 'x'.repeat(256) }, { gatewayId: 'f0a1' }, { gatewayId: 'F0A1B2C3D4E5' }]) {
      expect(() => listenerHandshake({ ...LISTENER_TERMS, ...wrong }, recorder)).toThrow(
        InvalidArgumentError,
      );
      expect(() => dialerHandshake({ ...LISTENER_TERMS, ...wrong }, recorder)).toThrow(InvalidArgumentError);
    }
  });

  it('end the link when the session that was asked for is none', async () => {
    const listener = await listenForHandshakes();
    const dialer = dialWithHandshake(listener.address, { session: () => 'short' });
    expect(await dialer.recorder.closing()).toBeInstanceOf(InvalidArgumentError);
  });
});
