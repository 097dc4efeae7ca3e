import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Link, LINK_TRANSITIONS, resolveLinkOptions, type LinkState } from '#link';
import { LinkRecorder, linkToRawPeer, listenRaw } from '../../../test/links/link-kit.js';

type Move = 'accept' | 'drain' | 'close' | 'destroy';

/** What each call makes of a link in each state; a string that is no state is the error. */
const MOVES: Readonly<Record<LinkState, Readonly<Record<Move, string>>>> = {
  connecting: {
    accept: 'A link cannot go from connecting to open',
    drain: 'draining',
    close: 'draining',
    destroy: 'connecting',
  },
  handshaking: { accept: 'open', drain: 'draining', close: 'draining', destroy: 'handshaking' },
  open: {
    accept: 'A link cannot go from open to open',
    drain: 'draining',
    close: 'draining',
    destroy: 'open',
  },
  draining: {
    accept: 'A link cannot go from draining to open',
    drain: 'draining',
    close: 'draining',
    destroy: 'draining',
  },
  closed: {
    accept: 'A link cannot go from closed to open',
    drain: 'closed',
    close: 'closed',
    destroy: 'closed',
  },
};

async function linkIn(state: LinkState): Promise<{ link: Link; recorder: LinkRecorder }> {
  if (state === 'connecting') {
    const { address } = await listenRaw();
    const recorder = new LinkRecorder();
    const link = new Link(connect({ ...address }), 'peer:1', resolveLinkOptions(), recorder);
    onTestFinished(() => link.destroy());
    return { link, recorder };
  }
  const { link, recorder } = await linkToRawPeer();
  if (state === 'open' || state === 'draining') link.accept();
  if (state === 'draining') link.drain();
  if (state === 'closed') {
    link.destroy();
    await recorder.closing();
  }
  return { link, recorder };
}

function outcomeOf(link: Link, move: Move): string {
  try {
    link[move]();
    return link.state;
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return error instanceof Error ? error.message : String(error);
  }
}

describe('the states of a link', () => {
  for (const [state, moves] of Object.entries(MOVES)) {
    for (const [move, outcome] of Object.entries(moves)) {
      it(`${move} on a link that is ${state} gives: ${outcome}`, async () => {
        const { link } = await linkIn(state as LinkState);
        expect(link.state).toBe(state);
        expect(outcomeOf(link, move as Move)).toBe(outcome);
      });
    }

    it(`a link that is ${state} ends as closed and tells it once, whatever it is told afterwards`, async () => {
      const { link, recorder } = await linkIn(state as LinkState);
      link.destroy();
      await recorder.closing();
      link.drain();
      link.close();
      link.destroy(new Error('too late'));
      await new Promise((resolve) => setImmediate(resolve));
      expect(link.state).toBe('closed');
      expect(recorder.news.filter((news) => news === 'closed')).toEqual(['closed']);
      expect(recorder.reasons).toEqual([undefined]);
    });
  }

  it('moves only as the table says', () => {
    expect(LINK_TRANSITIONS).toEqual({
      connecting: ['handshaking', 'draining', 'closed'],
      handshaking: ['open', 'draining', 'closed'],
      open: ['draining', 'closed'],
      draining: ['closed'],
      closed: [],
    });
  });

  it('goes through connecting, handshaking and open when all is well', async () => {
    const { address } = await listenRaw();
    const recorder = new LinkRecorder();
    const states: LinkState[] = [];
    recorder.onConnected = (connected) => states.push(connected.state);
    const link = new Link(connect({ ...address }), 'peer:1', resolveLinkOptions(), recorder);
    onTestFinished(() => link.destroy());
    states.push(link.state);
    await recorder.link();
    link.accept();
    states.push(link.state);
    expect(states).toEqual(['connecting', 'handshaking', 'open']);
  });
});
