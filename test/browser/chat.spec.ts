import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ChatServices } from './chat-services.js';
import { ChatTab } from './chat-tab.js';
import { findChromium, launchChromium } from './chromium.js';

const chromium = findChromium();
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true } as const;

describe.skipIf(chromium === undefined)('the chat in a browser', () => {
  let services: ChatServices;
  let browser: Browser;
  const tabs: ChatTab[] = [];

  beforeAll(async () => {
    services = await ChatServices.start();
    browser = await launchChromium(chromium!);
  });

  afterEach(async () => {
    const complaints = tabs.flatMap((tab) => tab.complaints);
    await Promise.all(tabs.splice(0).map(({ context }) => context.close()));
    expect(complaints).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await services?.close();
    expect(services?.complaints ?? []).toEqual([]);
  });

  /** A browser of somebody's own. Each spec has names and rooms of its own. */
  async function browserOf(name: string, options: BrowserContextOptions = {}): Promise<ChatTab> {
    const tab = await ChatTab.open(browser, services.url, options);
    tabs.push(tab);
    await tab.signIn(name);
    return tab;
  }

  async function anotherTabOf(first: ChatTab): Promise<ChatTab> {
    const tab = await first.another();
    tabs.push(tab);
    await tab.isConnected();
    return tab;
  }

  it('lets two people meet in a room and talk', async () => {
    const ada = await browserOf('Ada Lovelace', { colorScheme: 'light' });
    await ada.createRoom('engine room');
    const bob = await browserOf('Bob Babbage', { colorScheme: 'dark' });
    await bob.shows('engine room');
    await bob.openConversation('engine room');
    await ada.shows('Bob Babbage joined');
    await ada.say('Morning! The new gateway went live last night, and nobody was disconnected.');
    await ada.say('The graphs look boring, which is the nicest thing a graph can be.');
    await bob.hears('The graphs look boring, which is the nicest thing a graph can be.');
    await bob.say('Boring is good. Did the register restart, too?');
    await ada.hears('Boring is good. Did the register restart, too?');
    await ada.say('At 03:10. Notes are on https://example.org/notes?day=23, section 3.');
    await bob.hears('https://example.org/notes?day=23');
    expect(await ada.page.locator('#subtitle').textContent()).toBe('2 people');
    await ada.screenshot('room-light');
    await bob.screenshot('room-dark');
    await bob.conversations.getByRole('button', { name: 'engine room' }).waitFor();
    await bob.page.getByRole('button', { name: 'Leave this room' }).click();
    await ada.shows('Bob Babbage left');
    await bob.conversations.getByRole('region', { name: 'More rooms' }).getByText('engine room').waitFor();
  });

  it('brings a private message to all tabs of both, with what is unread counted', async () => {
    const [ada, bob] = [await browserOf('Ann'), await browserOf('Ben', { colorScheme: 'dark' })];
    const bobToo = await anotherTabOf(bob);
    const adaToo = await anotherTabOf(ada);
    await ada.people.getByRole('button', { name: 'Ben' }).click();
    await ada.isIn('Ben');
    await ada.say('Coffee at ten?');
    for (const tab of [bob, bobToo]) {
      await tab.conversations.getByLabel('1 unread').waitFor();
      expect(await tab.page.title()).toBe('(1) general · Nestwire chat');
      await tab.openConversation('Ann');
      await tab.hears('Coffee at ten?');
      expect(await tab.conversations.getByLabel('1 unread').count()).toBe(0);
    }
    await adaToo.openConversation('Ben');
    await adaToo.hears('Coffee at ten?');
    await bobToo.say('Make it half past.');
    for (const tab of [ada, adaToo, bob]) await tab.hears('Make it half past.');
    await bob.screenshot('private-dark');
    expect(await ada.people.getByRole('button', { name: 'Ben' }).count()).toBe(1);
  });

  it('tells two people of one name apart, everywhere', async () => {
    const [one, other] = [await browserOf('Kim'), await browserOf('Kim')];
    await other.say('I am the other one');
    await one.hears('I am the other one');
    const tag = one.log.locator('.message', { hasText: 'I am the other one' }).locator('.tag');
    expect(await tag.textContent()).toMatch(/^[\w-]{4,}$/);
    const names = await one.people.getByRole('button', { name: /^\S*\s*Kim/ }).allTextContents();
    expect(names.length).toBe(2);
    expect(new Set(names.map((text) => text.replace(/\s|you/g, ''))).size).toBe(2);
  });

  it('shows markup in names, rooms and texts as the text that it is', async () => {
    const attack = '<img src=x onerror="window.hit=1">';
    const ada = await browserOf('Zed');
    const eve = await browserOf('<b onclick=hit()>E</b>');
    await eve.createRoom('<i>room</i><script>hit()');
    await ada.openConversation('<i>room</i><script>hit()');
    await eve.say(`${attack}<script>window.hit=1</script> javascript:alert(1) &lt;`);
    await ada.hears(`${attack}<script>window.hit=1</script> javascript:alert(1) &lt;`);
    await ada.shows('<b onclick=hit()>E</b>');
    const harm = '#messages :is(img, script, b, i, a), .rows :is(b, i, script), h1 :is(i, script)';
    expect(await ada.page.locator(harm).count()).toBe(0);
    expect(await ada.page.evaluate('window.hit')).toBeUndefined();
    await ada.screenshot('markup-light');
  });

  it.each([
    ['was killed', 'kill'],
    ['restarts', 'stop'],
  ] as const)(
    'comes back to the same rooms when the gateway %s, and keeps what was typed',
    async (what, end) => {
      const [ada, bob] = [await browserOf('Ida'), await browserOf('Jon', { colorScheme: 'dark' })];
      const room = `the night it ${what}`;
      await ada.createRoom(room);
      await bob.openConversation(room);
      await ada.say('before');
      await bob.hears('before');
      await services.gateway[end]();
      for (const tab of [ada, bob]) await tab.shows('The connection is lost. It comes back by itself.');
      await ada.box.fill('typed while away');
      expect(await ada.sendButton.isDisabled()).toBe(true);
      await ada.box.press('Enter');
      await ada.shows('You are offline. What you write stays here until the connection is back.');
      await bob.screenshot('offline-dark');
      await services.gateway.start();
      for (const tab of [ada, bob]) await tab.isConnected();
      expect(await ada.box.inputValue()).toBe('typed while away');
      await ada.page.locator('#subtitle', { hasText: '2 people' }).waitFor();
      await ada.sendButton.click();
      await bob.hears('typed while away');
      await bob.say('and back again');
      await ada.hears('and back again');
      await ada.shows(/^Connection lost at .* What was said meanwhile is not here\.$/);
      for (const tab of [ada, bob]) expect(await tab.conversations.getByText(room).count()).toBe(1);
      await ada.screenshot('back-light');
    },
  );

  it('notices nothing when the worker restarts', async () => {
    const [ada, bob] = [await browserOf('Uma'), await browserOf('Vic')];
    await ada.createRoom('deploys');
    await bob.openConversation('deploys');
    await services.worker.stop();
    await services.worker.start();
    await ada.say('still connected');
    await bob.hears('still connected');
    for (const tab of [ada, bob]) expect(await tab.page.getByText('The connection is lost').count()).toBe(0);
  });

  it('stays away after a close code that means so, until it is told to come back', async () => {
    const tab = await ChatTab.open(browser, services.url);
    tabs.push(tab);
    let connections = 0;
    await tab.page.routeWebSocket(/./, (socket) => {
      connections++;
      if (connections === 1) void socket.close({ code: 1008, reason: 'denied' });
      else socket.connectToServer();
    });
    await tab.page.getByRole('textbox', { name: 'Your name' }).fill('Mal');
    await tab.page.keyboard.press('Enter');
    await tab.shows('The chat does not let this browser in.');
    await tab.page.clock.install();
    await tab.page.clock.runFor(120_000);
    expect(connections).toBe(1);
    await tab.page.getByRole('button', { name: 'Connect again' }).click();
    await tab.isConnected();
  });

  it('follows what is said at the end, and leaves who reads further up where he is', async () => {
    const [ada, bob] = [await browserOf('Pia'), await browserOf('Quinn')];
    await ada.createRoom('long reads');
    await bob.openConversation('long reads');
    for (let line = 0; line < 30; line++) await ada.say(`line ${line}`);
    await bob.hears('line 29');
    const scrollTop = (): Promise<number> => bob.log.evaluate(({ scrollTop: at }) => at);
    const fromEnd = await bob.log.evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight);
    expect(fromEnd).toBeLessThan(2);
    await bob.log.evaluate((log) => log.scrollTo(0, 200));
    await bob.shows('To the newest');
    await ada.say('news');
    await bob.shows('1 new message');
    expect(await scrollTop()).toBe(200);
    await bob.page.getByRole('button', { name: '1 new message' }).click();
    await bob.log.getByText('news', { exact: true }).waitFor();
    expect(await scrollTop()).toBeGreaterThan(200);
  });

  it('takes a new name on all tabs, and goes on in the same rooms', async () => {
    const [ada, bob] = [await browserOf('Mrs Miller'), await browserOf('Nell')];
    const adaToo = await anotherTabOf(ada);
    await ada.page.getByRole('button', { name: 'Change your name' }).click();
    await ada.signIn('Ms Miller');
    await adaToo.shows('Ms Miller');
    await bob.people.getByRole('button', { name: 'Ms Miller' }).waitFor();
    await bob.people.getByRole('button', { name: 'Mrs Miller' }).waitFor({ state: 'detached' });
    await ada.say('me again');
    await bob.hears('me again');
  });

  it('says what is wrong with a name or a room', async () => {
    const tab = await ChatTab.open(browser, services.url);
    tabs.push(tab);
    await tab.page.locator('#name:focus').waitFor();
    await tab.page.keyboard.press('Enter');
    await tab.shows('Choose a name: it is what the others see.');
    await tab.page.getByRole('textbox', { name: 'Your name' }).fill('x'.repeat(25));
    await tab.page.keyboard.press('Enter');
    await tab.shows('A name has at most 24 characters.');
    await tab.page.getByRole('textbox', { name: 'Your name' }).fill('a\u200Bb');
    await tab.page.keyboard.press('Enter');
    await tab.shows('name must be 1 to 24 characters, without control or invisible ones');
    await tab.screenshot('refused-light');
    await tab.signIn('Una');
    await tab.conversations.getByRole('button', { name: 'New room' }).click();
    await tab.conversations.getByRole('textbox', { name: 'Name of the room' }).fill('x'.repeat(33));
    await tab.page.keyboard.press('Enter');
    await tab.shows('room must be 1 to 32 characters, without control or invisible ones');
  });

  it.each(['light', 'dark'] as const)('fits a phone, in %s', async (colorScheme) => {
    const bob = await browserOf(`Rob ${colorScheme}`);
    const room = `a room with a long name, ${colorScheme}`;
    await bob.createRoom(room);
    const phone = await browserOf('Mia on the train', { ...PHONE, colorScheme });
    await phone.page.getByRole('button', { name: 'Conversations' }).tap();
    await phone.openConversation(room);
    await bob.say('W'.repeat(200));
    await bob.say('Can you read this on the small screen?');
    await phone.hears('Can you read this on the small screen?');
    await phone.say('As if it were made for it.');
    const overflow = (): Promise<unknown> =>
      phone.page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(await overflow()).toBe(0);
    await phone.screenshot(`phone-${colorScheme}`);
    await phone.page.getByRole('button', { name: 'People', exact: true }).tap();
    await phone.people.getByRole('button', { name: `Rob ${colorScheme}` }).waitFor();
    await phone.screenshot(`phone-people-${colorScheme}`);
    await phone.page.keyboard.press('Escape');
    await phone.people.waitFor({ state: 'hidden' });
    await phone.page.getByRole('button', { name: 'Conversations' }).tap();
    await phone.screenshot(`phone-rooms-${colorScheme}`);
    expect(await overflow()).toBe(0);
  });
});
