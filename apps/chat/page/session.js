import { Connection } from './connection.js';
import { roomKey } from './conversations.js';
import { personOf } from './names.js';

const REJOIN_AGAIN_MS = 1_500;

/** Keeps the state in line with the chat: signs in whenever there is a connection, goes back to the rooms, says what is to be said. */
export class Session {
  #state;
  #identity;
  #connection;
  #isRead;
  #rejected;

  /**
   * @param isRead tells whether the reader sees the end of a conversation now
   * @param rejected told why the chat does not take the name
   */
  constructor(state, identity, urls, { isRead, rejected }) {
    this.#state = state;
    this.#identity = identity;
    this.#isRead = isRead;
    this.#rejected = rejected;
    this.#connection = new Connection(urls);
    this.#connection.addEventListener('open', () => void this.#signIn());
    this.#connection.addEventListener('told', ({ detail }) => this.#told(detail));
    this.#connection.addEventListener('state', () => this.#followConnection());
  }

  get retryAtMs() {
    return this.#connection.retryAtMs;
  }

  get endCode() {
    return this.#connection.endCode;
  }

  /** As the one the identity says; a connection is one user's, so that another name takes another connection. */
  connect() {
    this.#connection.connect();
  }

  signOut() {
    this.#connection.close();
    this.#state.setPhase('signed-out');
  }

  /** @throws AskError */
  async join(room) {
    const view = await this.#connection.ask('join', { room });
    this.#state.roomViewed(view);
    this.#rememberRooms();
    return this.#state.room(view.room);
  }

  /** Asks anew who is in a room: those whose gateway died have not said goodbye. */
  refresh(conversation) {
    if (conversation?.kind !== 'room' || !conversation.isJoined) return;
    this.join(conversation.room).catch(() => undefined); // what is shown is good enough, and the next visit asks again
  }

  leave(conversation) {
    this.#state.forget(conversation);
    this.#rememberRooms();
    if (conversation.kind !== 'room') return;
    this.#connection.ask('leave', { room: conversation.room }).catch(() => undefined); // offline, one has left anyway
  }

  async say(conversation, text, entry = this.#state.saying(conversation, text)) {
    const { kind, room, person } = conversation;
    try {
      const asked = kind === 'room' ? ['say', { room, text }] : ['whisper', { to: person.uid, text }];
      const { at } = await this.#connection.ask(...asked);
      this.#state.said(entry, at);
    } catch (error) {
      if (error.code === 'USER_OFFLINE')
        this.#state.lobby({ rooms: [], people: [{ ...person, isOnline: false }] });
      this.#state.notSaid(entry, error.message);
    }
  }

  sayAgain(conversation, entry) {
    entry.status = 'sending';
    this.#state.changed();
    return this.say(conversation, entry.text, entry);
  }

  async #signIn() {
    const { name, secret } = this.#identity;
    try {
      this.#state.signedIn(await this.#connection.ask('signIn', { name, secret }));
    } catch (error) {
      if (error.code === 'LOST') return; // it comes back by itself
      if (error.code !== 'BAD_REQUEST') return this.#connection.startOver(); // a part of the chat is being restarted
      this.signOut();
      return this.#rejected(error.message);
    }
    this.#connection.settled();
    this.#state.setPhase('online');
    for (const room of this.#identity.rooms) this.#state.room(room); // before the answers, which come in any order
    if (this.#state.active === undefined) this.#state.show([...this.#state.conversations.values()][0]);
    await Promise.all(this.#identity.rooms.map((room) => this.#rejoin(room)));
  }

  async #rejoin(room) {
    try {
      this.#state.roomViewed(await this.#connection.ask('join', { room }));
    } catch (error) {
      if (error.code === 'LOST' || error.code === 'OFFLINE') return; // the next connection does it
      if (error.code === 'TRY_AGAIN') return void setTimeout(() => void this.#rejoin(room), REJOIN_AGAIN_MS);
      this.#state.forget(this.#state.room(room)); // it will not be taken later either
      this.#rememberRooms();
    }
  }

  #rememberRooms() {
    const rooms = [...this.#state.conversations.values()].filter(({ kind }) => kind === 'room');
    this.#identity.setRooms(rooms.map(({ room }) => room));
  }

  #followConnection() {
    const { state } = this.#connection;
    if (state === 'connecting' || state === 'open') this.#state.setPhase('connecting');
    else if (state !== 'idle') this.#state.setPhase(state);
    if (state !== 'open') this.#state.disconnected();
  }

  #told({ event, data }) {
    const state = this.#state;
    if (event === 'welcome') {
      state.limits = data.limits;
      state.changed();
    } else if (event === 'lobby') state.lobby(data);
    else if (event === 'joined') state.joined(data);
    else if (event === 'left') state.left(data);
    else if (event === 'said') this.#heard(state.conversations.get(roomKey(data.room)), data);
    else if (event === 'whispered') {
      const other = data.from.uid === state.me?.uid ? data.to : data.from;
      this.#heard(state.with(personOf(other)), data);
    }
  }

  #heard(conversation, spoken) {
    if (conversation === undefined) return; // a room that was left a moment ago
    this.#state.heard(conversation, spoken, this.#isRead(conversation));
  }
}
