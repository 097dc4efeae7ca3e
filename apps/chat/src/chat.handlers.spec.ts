import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { uidOf } from './chat.user.js';
import { ChatCluster, secretOf } from './test/chat-cluster.js';

/** Two of each: what is true here does not depend on which process does it. */
let cluster: ChatCluster;
let rooms = 0;

beforeAll(async () => {
  cluster = await ChatCluster.start({ gateways: 2, workers: 2 });
});
afterEach(() => cluster.closeClients());
afterAll(() => cluster.close());

/** A room that no other test knows. */
const newRoom = (): string => `room ${++rooms}`;

const userOf = (name: string): { uid: string; name: string } => ({ uid: uidOf(secretOf(name), name), name });

describe('signing in', () => {
  it('starts with a welcome that tells the limits', async () => {
    const client = await cluster.connect();
    expect(client.heard).toEqual([
      { event: 'welcome', data: { limits: { name: 24, room: 32, text: 2_000, roomsPerClient: 20 } } },
    ]);
  });

  it('tells who one is, who else is there and which rooms there are', async () => {
    const room = newRoom();
    const ada = await cluster.signIn('Ada');
    await ada.ask('join', { room });
    const bob = await cluster.connect(1);
    const answer = await bob.ask('signIn', { name: 'Bob', secret: secretOf('Bob') });
    expect(answer['me']).toEqual(userOf('Bob'));
    // Many who sign in at once share one overview; what it is too old to have is in the news that follow.
    if (!JSON.stringify(answer['rooms']).includes(JSON.stringify(room))) await bob.untilCounted(room, 1);
    else expect(answer['rooms']).toContainEqual({ room, members: 1 });
    if (!JSON.stringify(answer['people']).includes(userOf('Ada').uid))
      await bob.untilOnline(userOf('Ada').uid, true);
    else expect(answer['people']).toContainEqual(userOf('Ada'));
  });

  it('gives the same uid to the same secret, and never another one', async () => {
    const [first, again, other] = await Promise.all([
      cluster.connect(),
      cluster.connect(1),
      cluster.connect(),
    ]);
    const uidFor = async (client: typeof first, secret: string): Promise<unknown> =>
      (await client.ask<{ me: unknown }>('signIn', { name: 'Eve', secret })).me;
    const me = await uidFor(first, secretOf('Eve'));
    expect(await uidFor(again, secretOf('Eve'))).toEqual(me);
    expect(await uidFor(other, secretOf('another'))).not.toEqual(me);
  });

  it('is done once a connection', async () => {
    const ada = await cluster.signIn('Ada');
    await expect(ada.ask('signIn', { name: 'Bob', secret: secretOf('Ada') })).rejects.toMatchObject({
      code: 'ALREADY_SIGNED_IN',
    });
  });

  it('makes one known to the others, and unknown again when the last tab goes', async () => {
    const watcher = await cluster.signIn('Watcher');
    const tabs = [await cluster.signIn('Tim'), await cluster.signIn('Tim', { gateway: 1 })];
    await watcher.untilOnline(userOf('Tim').uid, true);
    await tabs[0]!.close();
    await tabs[1]!.ask('whisper', { to: userOf('Watcher').uid, text: 'still here' });
    await watcher.until('whispered');
    await tabs[1]!.close();
    await watcher.untilOnline(userOf('Tim').uid, false);
  });
});

describe('the guard', () => {
  it.each([
    ['join', { room: 'a' }],
    ['leave', { room: 'a' }],
    ['say', { room: 'a', text: 'hello' }],
    ['whisper', { to: userOf('Ada').uid, text: 'hello' }],
  ])('keeps who has not signed in from %s', async (event, data) => {
    const client = await cluster.connect();
    await expect(client.ask(event, data)).rejects.toMatchObject({
      code: 'NOT_SIGNED_IN',
      message: 'Sign in first',
    });
  });

  it.each(['sendToAll', 'closeClient', 'bindUid', 'getClientList', 'constructor', 'flush', 'tellTheRest'])(
    'leaves %s out of reach: nothing of the API is there for clients',
    async (event) => {
      const client = await cluster.signIn('Ada');
      await expect(client.ask(event, {})).rejects.toMatchObject({ code: 'UNKNOWN_EVENT' });
    },
  );
});

describe('private messages', () => {
  it('reach all tabs of both users, and the tab that sent it gets the answer instead', async () => {
    const [ada, adaToo] = [await cluster.signIn('Ada'), await cluster.signIn('Ada', { gateway: 1 })];
    const bobs = [
      await cluster.signIn('Bob', { gateway: 1 }),
      await cluster.signIn('Bob'),
      await cluster.signIn('Bob', { gateway: 1 }),
    ];
    const eve = await cluster.signIn('Eve');
    const { at } = await ada.ask('whisper', { to: userOf('Bob').uid, text: 'psst' });
    const expected = {
      event: 'whispered',
      data: { from: userOf('Ada'), to: userOf('Bob'), text: 'psst', at },
    };
    for (const tab of [adaToo, ...bobs]) expect(await tab.until('whispered')).toEqual(expected);
    for (const tab of [ada, eve]) {
      await tab.settled();
      expect(tab.all('whispered')).toEqual([]);
    }
    for (const tab of bobs) expect(tab.all('whispered')).toHaveLength(1);
  });

  it('to oneself reach the other tabs once', async () => {
    const [ada, other] = [await cluster.signIn('Ada'), await cluster.signIn('Ada', { gateway: 1 })];
    await ada.ask('whisper', { to: userOf('Ada').uid, text: 'remember the milk' });
    await other.until('whispered');
    await other.settled();
    expect(other.all('whispered')).toHaveLength(1);
  });

  it('to somebody who is not there are refused', async () => {
    const ada = await cluster.signIn('Ada');
    const to = uidOf(secretOf('nobody'), 'Nobody');
    await expect(ada.ask('whisper', { to, text: 'hello?' })).rejects.toMatchObject({
      code: 'USER_OFFLINE',
      message: 'Nobody is not online',
    });
  });
});

describe('names and texts', () => {
  it('are handed on as they were written, markup included', async () => {
    const room = '<b>bold</b> & "room"';
    const name = '<img src=x onerror=a()>';
    const text = '<script>alert(1)</script>\n\tsecond line \u{1F469}\u200D\u{1F4BB}';
    const [ada, eve] = [await cluster.signIn('Ada'), await cluster.signIn(name)];
    await ada.ask('join', { room });
    await eve.ask('join', { room });
    await eve.ask('say', { room, text });
    expect(await ada.until('said')).toMatchObject({ data: { room, text, from: { name } } });
  });

  it('are trimmed, and of several ways to write a character one is taken', async () => {
    const client = await cluster.connect();
    const decomposed = '  Zoe\u0308 \u00a0\u2003 B  ';
    const { me } = await client.ask<{ me: { name: string } }>('signIn', {
      name: decomposed,
      secret: secretOf('Zoe'),
    });
    expect(me.name).toBe('Zo\u00eb B');
  });

  it.each([
    ['empty', ''],
    ['blank', ' \t\n '],
    ['too long', 'x'.repeat(25)],
    ['with a control character', 'a\u0007b'],
    ['of two lines', 'a\nb'],
    ['turned around', 'a\u202Eb'],
    ['with hidden characters', 'Ada\u200B'],
    ['invisible', '\u3164'],
    ['of half a character', 'a\uD800'],
    ['a number', 7],
    ['a list', ['Ada']],
    ['missing', undefined],
  ])('a name that is %s is refused', async (_what, name) => {
    const client = await cluster.connect();
    await expect(client.ask('signIn', { name, secret: secretOf('Ada') })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: 'name must be 1 to 24 characters, without control or invisible ones',
    });
  });

  it('count as characters, not as bytes: 24 emoji are a name, 2000 a text', async () => {
    const room = '\u{1F600}'.repeat(32);
    const ada = await cluster.signIn('\u{1F600}'.repeat(24));
    await ada.ask('join', { room });
    await ada.ask('say', { room, text: '\u{1F600}'.repeat(2_000) });
    await expect(ada.ask('say', { room, text: 'x'.repeat(2_001) })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
    await expect(ada.ask('join', { room: `${room}x` })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it.each([
    ['signIn', { name: 'Ada', secret: 'guess' }, 'secret must be 22 to 64'],
    ['signIn', { name: 'Ada' }, 'secret must be 22 to 64'],
    ['signIn', [{ name: 'Ada', secret: secretOf('Ada') }], ''],
    ['signIn', 'Ada', ''],
    ['signIn', null, 'name must be'],
  ])('%s with %j is refused', async (event, data, message) => {
    const client = await cluster.connect();
    await expect(client.ask(event, data)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining(message) as string,
    });
  });

  it.each([
    ['join', { room: '' }, 'room must be'],
    ['say', { room: 'a', text: ' ' }, 'text must be'],
    ['say', { room: 'a', text: 'a\u0000b' }, 'text must be'],
    ['whisper', { to: 'Ada', text: 'hello' }, 'to must be the uid'],
    ['whisper', { to: { $ne: 1 }, text: 'hello' }, 'to must be the uid'],
  ])('%s with %j is refused', async (event, data, message) => {
    const client = await cluster.signIn('Ada');
    await expect(client.ask(event, data)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringContaining(message) as string,
    });
  });
});
