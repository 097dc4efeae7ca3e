import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';

const SCREENSHOTS = fileURLToPath(new URL('screenshots', import.meta.url));
const PATIENCE_MS = 15_000;
/** What a browser says by itself when a gateway is away. */
const EXPECTED = /WebSocket connection to .* failed|net::ERR_/;

/** One tab with the chat, used as a person uses it: by what can be seen and read. */
export class ChatTab {
  /** What a page that is in order never does: errors, dialogs, requests to other hosts. */
  readonly complaints: string[] = [];

  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    private readonly url: string,
  ) {
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('pageerror', (error) => this.complaints.push(error.stack ?? error.message));
    page.on('dialog', (dialog) => {
      this.complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      if (message.type() === 'error' && !EXPECTED.test(message.text())) this.complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== url) this.complaints.push(`asked for ${request.url()}`);
    });
  }

  /** A browser of its own for somebody: nothing of it is shared with another one. */
  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<ChatTab> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    const tab = new ChatTab(await context.newPage(), context, url);
    await tab.page.goto(url);
    return tab;
  }

  /** Another tab of the same browser. */
  async another(): Promise<ChatTab> {
    const tab = new ChatTab(await this.context.newPage(), this.context, this.url);
    await tab.page.goto(this.url);
    return tab;
  }

  get box(): Locator {
    return this.page.getByRole('textbox', { name: 'Message', exact: true });
  }

  get sendButton(): Locator {
    return this.page.getByRole('button', { name: 'Send', exact: true });
  }

  get log(): Locator {
    return this.page.getByRole('log');
  }

  get conversations(): Locator {
    return this.page.getByRole('navigation', { name: 'Conversations' });
  }

  get people(): Locator {
    return this.page.getByRole('complementary', { name: 'People' });
  }

  async signIn(name: string): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Your name' }).fill(name);
    await this.page.getByRole('button', { name: 'Join the chat' }).click();
    await this.isConnected();
  }

  async isConnected(): Promise<void> {
    await this.page.getByText('Connected', { exact: true }).waitFor({ state: 'attached' });
  }

  async createRoom(room: string): Promise<void> {
    await this.conversations.getByRole('button', { name: 'New room' }).click();
    await this.conversations.getByRole('textbox', { name: 'Name of the room' }).fill(room);
    await this.page.keyboard.press('Enter');
    await this.isIn(room);
  }

  /** Opens what is listed under that name: a room of mine, one to join, or somebody I write with. */
  async openConversation(name: string): Promise<void> {
    await this.conversations.getByRole('button', { name: new RegExp(`^#?\\s*${escaped(name)}`) }).click();
    await this.isIn(name);
  }

  async isIn(name: string): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name }).waitFor();
  }

  /** Says it to whom the page shows, and waits until the chat has taken it. */
  async say(text: string): Promise<void> {
    await this.box.fill(text);
    await this.box.press('Enter');
    const own = this.page.locator('.mine:not(.is-sending)', { hasText: text.split('\n')[0]! });
    await own.last().waitFor();
  }

  /** Somebody's message is in the log, as text. */
  async hears(text: string): Promise<void> {
    await this.log.getByText(text, { exact: true }).waitFor();
  }

  /** Something is shown anywhere on the page. */
  async shows(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  async screenshot(name: string): Promise<void> {
    mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), animations: 'disabled' });
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
