import type { CrowdSettings } from './commands.js';
import { Conversation, type Person } from './conversation.js';

/** Shortest and longest wait of a client before it connects again: not all of those of a gateway come at once. */
const COMES_BACK_MS = [50, 500] as const;

/** One client over all of its connections. */
export class Member {
  /** The last one is the present one. */
  readonly conversations: Conversation[] = [];
  readonly #person: Person;
  /** Which of the places it connects to. */
  #place: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: CrowdSettings,
    client: number,
    private readonly onChange: () => void,
  ) {
    const { rooms, groups } = settings;
    this.#person = { client, enter: { uid: `uid-${client}`, groups: [`room-${client % rooms}`, ...groups] } };
    this.#place = client;
    this.#connect();
  }

  get present(): Conversation {
    return this.conversations.at(-1)!;
  }

  get isReady(): boolean {
    return this.present.isReady;
  }

  leave(): void {
    clearTimeout(this.#timer);
    this.present.close();
  }

  #connect(): void {
    const { urls } = this.settings;
    const url = urls[this.#place++ % urls.length]!;
    this.conversations.push(
      new Conversation(url, this.#person, (conversation) => this.#changed(conversation)),
    );
  }

  #changed(conversation: Conversation): void {
    const { ending } = conversation.record;
    if (ending !== undefined && !ending.isOwn && this.settings.reconnects) {
      const [shortest, longest] = COMES_BACK_MS;
      this.#timer = setTimeout(() => this.#connect(), shortest + Math.random() * (longest - shortest));
    }
    this.onChange();
  }
}
