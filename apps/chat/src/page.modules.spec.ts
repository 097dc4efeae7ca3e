import { describe, expect, it } from 'vitest';

interface Person {
  readonly id: string;
  readonly uid: string;
  readonly name: string;
}
interface Conversation {
  readonly entries: readonly { readonly kind: string; readonly status?: string }[];
  readonly people: ReadonlyMap<string, Person>;
  readonly members: number;
  readonly unread: number;
  readonly isJoined: boolean;
}
interface State {
  readonly online: ReadonlyMap<string, Person>;
  readonly rooms: ReadonlyMap<string, number>;
  room(room: string): Conversation;
  with(person: Person): Conversation & { readonly person: Person };
  signedIn(answer: unknown): void;
  roomViewed(view: unknown): void;
  lobby(news: unknown): void;
  joined(data: unknown): void;
  left(data: unknown): void;
  heard(conversation: Conversation, spoken: unknown, isRead: boolean): void;
  disconnected(): void;
}

/** The page's own modules, as a browser gets them: plain JavaScript, which the compiler does not look at. */
async function pageModule<Module>(name: string): Promise<Module> {
  return (await import(new URL(`../page/${name}`, import.meta.url).href)) as Module;
}

const { mayComeBack, retryDelayMs } = await pageModule<{
  mayComeBack: (code: number) => boolean;
  retryDelayMs: (code: number, attempt: number, random?: () => number) => number;
}>('retry.js');
const { personOf, tagsOf, initialsOf } = await pageModule<{
  personOf: (user: { uid: string; name: string }) => Person;
  tagsOf: (people: Iterable<Person>) => ReadonlyMap<string, string>;
  initialsOf: (name: string) => string;
}>('names.js');
const { ChatState } = await pageModule<{ ChatState: new () => State }>('state.js');

const user = (id: string, name: string): { uid: string; name: string } => ({
  uid: `${id.padEnd(16, '0')}.${name}`,
  name,
});
const [ada, bob] = [user('ada', 'Ada'), user('bob', 'Bob')];

describe('coming back', () => {
  it.each([1008, 4004, 4401])('is not tried by itself after %i', (code) => {
    expect(mayComeBack(code)).toBe(false);
  });

  it.each([1000, 1001, 1006, 1009, 1011, 1012, 1013, 4001, 4002, 4003])('is tried after %i', (code) => {
    expect(mayComeBack(code)).toBe(true);
  });

  it('waits longer each time, up to a limit, and never the same for all', () => {
    const longest = Array.from({ length: 8 }, (_, attempt) => retryDelayMs(1006, attempt, () => 1));
    expect(longest).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
    expect(retryDelayMs(1006, 3, () => 0)).toBe(2_000);
    expect(retryDelayMs(1013, 5_000, () => 0)).toBe(7_500);
  });

  it('is tried within a second when the gateway restarts, and later when that fails', () => {
    expect([0, 0.5, 1].map((random) => retryDelayMs(1012, 0, () => random))).toEqual([0, 500, 1_000]);
    expect(retryDelayMs(1012, 2, () => 1)).toBe(2_000);
  });
});

describe('names', () => {
  it('get as much of the id as tells those apart that look the same', () => {
    const people = [
      user('abcd1', 'Ada'),
      user('abcd2', 'ada'),
      user('xyz', 'ADA\uFE0F'),
      user('bob', 'Bob'),
      user('bob', 'Bob'),
    ].map(personOf);
    expect([...tagsOf(people).values()]).toEqual(['abcd1', 'abcd2', 'xyz00']);
  });

  it.each([
    ['Ada', 'A'],
    ['Ada King Lovelace', 'AL'],
    ['  o_o ', 'OO'],
    ['\u{1F469}\u200D\u{1F4BB} dev', '\u{1F469}\u200D\u{1F4BB}D'],
    ['...', '.'],
    ['林小雨', '林'],
  ])('of %j are abbreviated as %j', (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });
});

describe('the state of the page', () => {
  function inRoom(people = [ada]): { state: State; room: Conversation } {
    const state = new ChatState();
    state.signedIn({ me: ada, rooms: [{ room: 'r', members: people.length }], people });
    state.roomViewed({ room: 'r', members: people.length, people });
    return { state, room: state.room('r') };
  }

  it('says once that somebody joined or left, however often it is told', () => {
    const { state, room } = inRoom();
    for (let time = 0; time < 2; time++) state.joined({ room: 'r', user: bob, members: 2 });
    expect([room.people.size, room.members, state.rooms.get('r')]).toEqual([2, 2, 2]);
    for (let time = 0; time < 2; time++) state.left({ room: 'r', user: bob, members: 1 });
    expect(room.people.size).toBe(1);
    expect(room.entries.map(({ kind }) => kind)).toEqual(['joined', 'left']);
  });

  it('does not announce those who come back after a gateway restart as we do', () => {
    const { state, room } = inRoom([ada, bob]);
    state.disconnected();
    state.roomViewed({ room: 'r', members: 1, people: [ada] });
    state.joined({ room: 'r', user: bob, members: 2 });
    state.joined({ room: 'r', user: user('eve', 'Eve'), members: 3 });
    expect(room.people.size).toBe(3);
    expect(room.entries.map(({ kind }) => kind)).toEqual(['gap', 'joined']);
  });

  it('keeps a user who came back with another name when the old one leaves', () => {
    const { state, room } = inRoom([ada, bob]);
    state.joined({ room: 'r', user: user('bob', 'Robert'), members: 3 });
    state.left({ room: 'r', user: bob, members: 2 });
    expect([...room.people.values()].map(({ name }) => name)).toEqual(['Ada', 'Robert']);
  });

  it('goes on with somebody privately under a new name', () => {
    const { state } = inRoom([ada, bob]);
    const conversation = state.with(personOf(bob));
    const robert = user('bob', 'Robert');
    state.lobby({ rooms: [], people: [{ ...robert, isOnline: true }] });
    state.lobby({ rooms: [], people: [{ ...bob, isOnline: false }] });
    expect(conversation.person.uid).toBe(robert.uid);
    expect([...state.online.values()].map(({ name }) => name)).toEqual(['Ada', 'Robert']);
  });

  it('counts as unread what others said and nobody saw', () => {
    const { state, room } = inRoom([ada, bob]);
    state.heard(room, { from: bob, text: 'seen', at: 1 }, true);
    state.heard(room, { from: bob, text: 'unseen', at: 2 }, false);
    state.heard(room, { from: ada, text: 'from my other tab', at: 3 }, false);
    expect(room.unread).toBe(1);
  });

  it('forgets rooms that are gone, and keeps no more than 500 entries of one', () => {
    const { state, room } = inRoom();
    state.lobby({ rooms: [{ room: 'other', members: 3 }], people: [] });
    state.lobby({ rooms: [{ room: 'other', members: 0 }], people: [] });
    expect([...state.rooms.keys()]).toEqual(['r']);
    for (let at = 0; at < 600; at++) state.heard(room, { from: bob, text: 'x', at }, true);
    expect(room.entries).toHaveLength(500);
  });

  it('marks in each room it was in, once, that the connection was lost', () => {
    const { state, room } = inRoom();
    state.disconnected();
    state.disconnected();
    expect([room.isJoined, room.entries.map(({ kind }) => kind)]).toEqual([false, ['gap']]);
    state.roomViewed({ room: 'r', members: 1, people: [ada] });
    expect(room.isJoined).toBe(true);
  });
});
