import { byId, fill, setText, take } from './dom.js';
import { hueOf, initialsOf } from './names.js';

const MAX_UNREAD_SHOWN = 99;

/** The conversations of this tab, the rooms one could join, and oneself. */
export class Sidebar {
  #state;
  #actions;

  /** @param actions `open(conversation)`, `join(room)`: resolves when in it */
  constructor(state, actions) {
    this.#state = state;
    this.#actions = actions;
    byId('new-room').addEventListener('click', () => this.#toggleForm());
    byId('new-room-form').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#create(byId('room-name').value.trim());
    });
    byId('new-room-form').addEventListener(
      'keydown',
      ({ key }) => key === 'Escape' && this.#toggleForm(false),
    );
  }

  render(tags) {
    const conversations = [...this.#state.conversations.values()];
    const joined = conversations.filter(({ kind }) => kind === 'room');
    const people = conversations.filter(({ kind }) => kind === 'person');
    const names = new Set(joined.map(({ room }) => room));
    const others = [...this.#state.rooms].filter(([room]) => !names.has(room));
    others.sort(([a, countA], [b, countB]) => countB - countA || a.localeCompare(b));
    this.#fillConversations('joined-rooms', joined, tags);
    this.#fillConversations('private', people, tags);
    fill(byId('other-rooms'), others, ([room]) => room, this.#createOther, this.#updateOther);
    byId('other-rooms-section').hidden = others.length === 0;
    byId('private-section').hidden = people.length === 0;
    this.#renderMe();
  }

  #renderMe() {
    const { me } = this.#state;
    if (me === undefined) return;
    setText(byId('my-name'), me.name);
    showAvatar(document.querySelector('.me .avatar'), me);
  }

  #fillConversations(listId, conversations, tags) {
    const create = () => {
      const { element, parts } = take('row-template');
      element.parts = parts;
      parts.row = element.querySelector('.row');
      parts.row.addEventListener('click', () => this.#actions.open(element.conversation));
      return element;
    };
    const update = (element, conversation) => {
      element.conversation = conversation;
      this.#updateRow(element.parts, conversation, tags);
    };
    fill(byId(listId), conversations, ({ key }) => key, create, update);
  }

  #updateRow(parts, conversation, tags) {
    const { kind, room, person, unread } = conversation;
    const isActive = conversation === this.#state.active;
    if (isActive) parts.row.setAttribute('aria-current', 'true');
    else parts.row.removeAttribute('aria-current');
    parts.row.classList.toggle('has-unread', unread > 0);
    setText(parts.name, kind === 'room' ? room : person.name);
    setText(parts.tag, kind === 'room' ? '' : (tags.get(person.id) ?? ''));
    if (kind === 'room') {
      setText(parts.mark, '#');
      setText(parts.note, unread > 0 ? '' : countText(conversation.members));
    } else {
      showAvatar(parts.mark, person);
      parts.mark.classList.toggle('is-online', this.#state.online.has(person.id));
    }
    parts.unread.hidden = unread === 0;
    setText(parts.unread, unread > MAX_UNREAD_SHOWN ? `${MAX_UNREAD_SHOWN}+` : String(unread));
    parts.unread.setAttribute('aria-label', `${unread} unread`);
  }

  #createOther = ([room]) => {
    const { element, parts } = take('row-template');
    element.parts = parts;
    setText(parts.mark, '#');
    setText(parts.name, room);
    element.querySelector('.row').addEventListener('click', () => void this.#join(room));
    return element;
  };

  #updateOther = ({ parts }, [, members]) => {
    setText(parts.note, countText(members));
  };

  #toggleForm(isOpen = byId('new-room-form').hidden) {
    byId('new-room-form').hidden = !isOpen;
    byId('new-room').setAttribute('aria-expanded', String(isOpen));
    setText(byId('room-problem'), '');
    if (isOpen) byId('room-name').focus();
    else byId('new-room').focus();
  }

  async #create(room) {
    if (room === '') return byId('room-name').focus();
    if (!(await this.#join(room))) return;
    byId('room-name').value = '';
    byId('new-room-form').hidden = true;
    byId('new-room').setAttribute('aria-expanded', 'false');
  }

  /** Why it cannot be joined is said where one would type its name. */
  async #join(room) {
    setText(byId('room-problem'), '');
    try {
      await this.#actions.join(room);
      return true;
    } catch (error) {
      if (byId('new-room-form').hidden) this.#toggleForm(true);
      setText(byId('room-problem'), error.message);
      return false;
    }
  }
}

export function showAvatar(element, person) {
  element.className = `avatar hue-${hueOf(person.id)}`;
  setText(element, initialsOf(person.name));
}

function countText(members) {
  return members === 0 ? '' : String(members);
}
