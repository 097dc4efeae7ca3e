import { personOf } from './names.js';

/** So much of a conversation is kept: a tab that stays open for weeks must not grow for weeks. */
const MAX_ENTRIES = 500;
/** A gateway that restarts brings everybody back within that time. */
const RETURN_MS = 30_000;

export const roomKey = (room) => `room:${room}`;
export const personKey = (id) => `person:${id}`;

let lastEntryId = 0;

/** What is said in one room, or with one person, and what this tab has done with it so far. */
class Conversation {
  entries = [];
  unread = 0;
  draft = '';
  /** Where the reader was, in pixels; undefined at the end. */
  scrollTop = undefined;

  add(entry) {
    const added = { ...entry, key: String(++lastEntryId) };
    this.entries.push(added);
    if (this.entries.length > MAX_ENTRIES) this.entries.shift();
    return added;
  }
}

export class RoomConversation extends Conversation {
  kind = 'room';
  /** Whether the chat knows that we are in it: not so between a lost connection and the return. */
  isJoined = false;
  members = 0;
  /** By id. A user who comes or goes is announced once, and an announcement of what is known already is none. */
  people = new Map();
  /** Who was there when the connection was lost, and until when their coming back is no news. */
  #returning = new Map();
  #returningUntilMs = 0;

  constructor(room) {
    super();
    this.key = roomKey(room);
    this.room = room;
  }

  view({ members, people }) {
    if (!this.isJoined) {
      this.#returning = this.people;
      this.#returningUntilMs = Date.now() + RETURN_MS;
    }
    this.isJoined = true;
    this.members = members;
    this.people = new Map(people.map(personOf).map((person) => [person.id, person]));
  }

  /** Whether that is news. */
  joined(person, members) {
    this.members = members;
    const isNew = this.people.get(person.id)?.uid !== person.uid;
    this.people.set(person.id, person);
    const isBack = this.#returning.delete(person.id) && Date.now() < this.#returningUntilMs;
    return isNew && !isBack;
  }

  left(person, members) {
    this.members = members;
    // With another name the same one may have come back meanwhile.
    return this.people.get(person.id)?.uid === person.uid && this.people.delete(person.id);
  }
}

export class PersonConversation extends Conversation {
  kind = 'person';

  constructor(person) {
    super();
    this.key = personKey(person.id);
    this.person = person;
  }
}
