import { PersonConversation, RoomConversation, personKey, roomKey } from './conversations.js';
import { personOf } from './names.js';

/** What the page knows. The views show it; `session.js` brings it in line with the chat. Dispatches `change`, once a turn. */
export class ChatState extends EventTarget {
  me = undefined;
  limits = { name: 24, room: 32, text: 2000, roomsPerClient: 20 };
  /** `signed-out`, `connecting`, `online`, `waiting` or `ended`. */
  phase = 'signed-out';
  /** Everybody who is online, by id. */
  online = new Map();
  /** How many are in each room that there is, by name. */
  rooms = new Map();
  /** By key, in the order in which they were opened. */
  conversations = new Map();
  active = undefined;
  #isChangeDue = false;

  changed() {
    if (this.#isChangeDue) return;
    this.#isChangeDue = true;
    queueMicrotask(() => {
      this.#isChangeDue = false;
      this.dispatchEvent(new Event('change'));
    });
  }

  setPhase(phase) {
    this.phase = phase;
    this.changed();
  }

  signedIn({ me, rooms, people }) {
    this.me = personOf(me);
    this.rooms = new Map(rooms.map(({ room, members }) => [room, members]));
    this.online = new Map([...people.map(personOf), this.me].map((person) => [person.id, person]));
    for (const person of this.online.values()) this.#recognize(person);
    this.changed();
  }

  lobby({ rooms, people }) {
    for (const { room, members } of rooms) this.#count(room, members);
    for (const { isOnline, ...user } of people) {
      const person = personOf(user);
      if (isOnline) {
        this.online.set(person.id, person);
        this.#recognize(person);
      } else if (this.online.get(person.id)?.uid === person.uid) this.online.delete(person.id);
    }
    this.changed();
  }

  roomViewed(view) {
    this.room(view.room).view(view);
    this.#count(view.room, view.members);
    this.changed();
  }

  joined({ room, user, members }) {
    this.#moved('joined', room, user, members);
  }

  left({ room, user, members }) {
    this.#moved('left', room, user, members);
  }

  /** @param isRead whether the reader has it before the eyes */
  heard(conversation, { from, text, at }, isRead) {
    const isMine = from.uid === this.me?.uid; // from another tab
    conversation.add({ kind: 'text', from: personOf(from), text, at, isMine });
    if (!isRead && !isMine) conversation.unread++;
    this.changed();
  }

  /** What is written here is shown at once, and marked until the chat has taken it. */
  saying(conversation, text) {
    const entry = { kind: 'text', from: this.me, text, at: Date.now(), isMine: true, status: 'sending' };
    this.changed();
    return conversation.add(entry);
  }

  said(entry, at) {
    entry.at = at;
    entry.status = 'sent';
    this.changed();
  }

  notSaid(entry, reason) {
    entry.status = 'failed';
    entry.reason = reason;
    this.changed();
  }

  /** The connection is gone: nobody tells any more who is where, and what is said meanwhile will not be here. */
  disconnected() {
    const at = Date.now();
    for (const conversation of this.conversations.values()) {
      if (conversation.kind !== 'room' || !conversation.isJoined) continue;
      conversation.isJoined = false;
      if (conversation.entries.at(-1)?.kind !== 'gap') conversation.add({ kind: 'gap', at });
    }
    this.changed();
  }

  room(room) {
    const key = roomKey(room);
    return this.conversations.get(key) ?? this.#open(new RoomConversation(room));
  }

  with(person) {
    const conversation =
      this.conversations.get(personKey(person.id)) ?? this.#open(new PersonConversation(person));
    conversation.person = this.online.get(person.id) ?? person;
    return conversation;
  }

  show(conversation) {
    this.active = conversation;
    if (conversation !== undefined) conversation.unread = 0;
    this.changed();
  }

  read(conversation) {
    if (conversation.unread === 0) return;
    conversation.unread = 0;
    this.changed();
  }

  forget(conversation) {
    this.conversations.delete(conversation.key);
    if (this.active === conversation) this.show([...this.conversations.values()].at(-1));
    this.changed();
  }

  get unread() {
    let sum = 0;
    for (const { unread } of this.conversations.values()) sum += unread;
    return sum;
  }

  #open(conversation) {
    this.conversations.set(conversation.key, conversation);
    this.changed();
    return conversation;
  }

  #moved(kind, room, user, members) {
    this.#count(room, members);
    const conversation = this.conversations.get(roomKey(room));
    const person = personOf(user);
    if (conversation?.[kind](person, members) && person.id !== this.me.id) {
      conversation.add({ kind, person, at: Date.now() });
    }
    this.changed();
  }

  #count(room, members) {
    if (members === 0) this.rooms.delete(room);
    else this.rooms.set(room, members);
    const conversation = this.conversations.get(roomKey(room));
    if (conversation !== undefined) conversation.members = members;
  }

  /** Somebody who has another name now is still the one of an open conversation. */
  #recognize(person) {
    const conversation = this.conversations.get(personKey(person.id));
    if (conversation !== undefined) conversation.person = person;
  }
}
