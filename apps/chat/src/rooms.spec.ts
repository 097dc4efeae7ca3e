import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { uidOf } from './chat.user.js';
import { ChatCluster, secretOf } from './test/chat-cluster.js';

let cluster: ChatCluster;
let rooms = 0;

beforeAll(async () => {
  cluster = await ChatCluster.start({ gateways: 2, workers: 2 });
});
afterEach(() => cluster.closeClients());
afterAll(() => cluster.close());

const newRoom = (): string => `room ${++rooms}`;
const userOf = (name: string): { uid: string; name: string } => ({ uid: uidOf(secretOf(name), name), name });

describe('rooms', () => {
  it('come with the first who joins, are counted for everybody, and go with the last who leaves', async () => {
    const room = newRoom();
    const watcher = await cluster.signIn('Watcher', { gateway: 1 });
    const [ada, bob] = [await cluster.signIn('Ada'), await cluster.signIn('Bob', { gateway: 1 })];
    expect(await ada.ask('join', { room })).toEqual({ room, members: 1, people: [userOf('Ada')] });
    await watcher.untilCounted(room, 1);
    expect(await bob.ask('join', { room })).toMatchObject({ room, members: 2 });
    await watcher.untilCounted(room, 2);
    await ada.ask('leave', { room });
    await watcher.untilCounted(room, 1);
    await bob.close();
    await watcher.untilCounted(room, 0);
    const late = await cluster.connect();
    const { rooms: listed } = await late.ask('signIn', { name: 'Late', secret: secretOf('Late') });
    expect((listed as { room: string }[]).map((count) => count.room)).not.toContain(room);
  });

  it('carry what is said to all members but the speaker, and to nobody else', async () => {
    const [room, other] = [newRoom(), newRoom()];
    const [ada, bob, eve] = [
      await cluster.signIn('Ada'),
      await cluster.signIn('Bob', { gateway: 1 }),
      await cluster.signIn('Eve'),
    ];
    for (const client of [ada, bob]) await client.ask('join', { room });
    for (const client of [ada, eve]) await client.ask('join', { room: other });
    const { at } = await ada.ask('say', { room, text: 'first' });
    await ada.ask('say', { room: other, text: 'second' });
    expect(await bob.until('said')).toEqual({
      event: 'said',
      data: { room, from: userOf('Ada'), text: 'first', at },
    });
    expect(await eve.until('said')).toMatchObject({ data: { room: other, text: 'second' } });
    await Promise.all([ada, bob, eve].map((client) => client.settled()));
    expect([ada, bob, eve].map((client) => client.all('said').length)).toEqual([0, 1, 1]);
  });

  it('are closed to what others say from outside', async () => {
    const room = newRoom();
    const [ada, eve] = [await cluster.signIn('Ada'), await cluster.signIn('Eve')];
    await ada.ask('join', { room });
    await expect(eve.ask('say', { room, text: 'hello' })).rejects.toMatchObject({
      code: 'NOT_IN_ROOM',
      message: `You are not in "${room}". Join it first`,
    });
    await eve.ask('join', { room });
    await eve.ask('say', { room, text: 'now' });
    await eve.ask('leave', { room });
    await expect(eve.ask('say', { room, text: 'and now?' })).rejects.toMatchObject({ code: 'NOT_IN_ROOM' });
    await ada.settled();
    expect(ada.all('said').map(({ data }) => data['text'])).toEqual(['now']);
  });

  it('keep the order in which one speaks', async () => {
    const room = newRoom();
    const [ada, bob] = [await cluster.signIn('Ada'), await cluster.signIn('Bob', { gateway: 1 })];
    for (const client of [ada, bob]) await client.ask('join', { room });
    const texts = Array.from({ length: 100 }, (_, i) => `line ${i}`);
    await Promise.all(texts.map((text) => ada.ask('say', { room, text })));
    await bob.until('said', { text: 'line 99' });
    expect(bob.all('said').map(({ data }) => data['text'])).toEqual(texts);
  });

  it('are not left by leaving others, nor by leaving one that one is not in', async () => {
    const [room, other] = [newRoom(), newRoom()];
    const ada = await cluster.signIn('Ada');
    await ada.ask('join', { room });
    expect(await ada.ask('leave', { room: other })).toBeNull();
    await ada.ask('say', { room, text: 'still here' });
  });

  it('are at most twenty a client, whether one waits for the answers or not', async () => {
    const names = Array.from({ length: 21 }, newRoom);
    const ada = await cluster.signIn('Ada');
    const joined = await Promise.allSettled(names.map((room) => ada.ask('join', { room })));
    expect(joined.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 20 }, () => 'fulfilled'),
      'rejected',
    ]);
    await expect(ada.ask('join', { room: names[20] })).rejects.toMatchObject({ code: 'TOO_MANY_ROOMS' });
    for (const room of names.slice(0, 20)) await ada.ask('say', { room, text: 'here' });
    await ada.ask('join', { room: names[0] }); // is in it already
    await ada.ask('leave', { room: names[0] });
    await ada.ask('join', { room: names[20] });
  });
});

describe('a user with two tabs', () => {
  it('counts once, is announced once, and leaves with the last tab', async () => {
    const room = newRoom();
    const watcher = await cluster.signIn('Watcher');
    await watcher.ask('join', { room });
    const tabs = [await cluster.signIn('Tim'), await cluster.signIn('Tim', { gateway: 1 })];
    for (const tab of tabs) expect(await tab.ask('join', { room })).toMatchObject({ members: 2 });
    await tabs[0]!.ask('leave', { room });
    await tabs[1]!.ask('say', { room, text: 'one tab left' });
    await watcher.until('said');
    await tabs[1]!.close();
    await watcher.until('left');
    await watcher.settled();
    expect(watcher.all('joined', 'left')).toEqual([
      { event: 'joined', data: { room, members: 1, user: userOf('Watcher') } },
      { event: 'joined', data: { room, members: 2, user: userOf('Tim') } },
      { event: 'left', data: { room, members: 1, user: userOf('Tim') } },
    ]);
    await watcher.untilCounted(room, 1);
  });

  it('is announced to each of the rooms that a closing tab was in', async () => {
    const names = [newRoom(), newRoom(), newRoom()];
    const [ada, bob] = [await cluster.signIn('Ada'), await cluster.signIn('Bob', { gateway: 1 })];
    for (const room of names) for (const client of [ada, bob]) await client.ask('join', { room });
    bob.socket.terminate();
    for (const room of names) await ada.until('left', { room, user: userOf('Bob') });
  });
});

describe('a worker that goes away', () => {
  it('is missed by nobody: another one goes on with the same rooms', async () => {
    const own = await ChatCluster.start({ gateways: 1, workers: 2 });
    try {
      const room = newRoom();
      const people = await Promise.all(Array.from({ length: 8 }, (_, i) => own.signIn(`User ${i}`)));
      for (const client of people) await client.ask('join', { room });
      await own.workers[0]!.close();
      for (const client of people) await client.ask('say', { room, text: 'anybody there?' });
      for (const client of people) {
        await client.settled();
        expect(client.all('said')).toHaveLength(people.length - 1);
      }
    } finally {
      await own.close();
    }
  });
});
