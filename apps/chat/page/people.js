import { byId, fill, setText, take } from './dom.js';
import { showAvatar } from './sidebar.js';

const MAX_SHOWN = 200;
const collator = new Intl.Collator();
const byName = (a, b) => collator.compare(a.name, b.name) || collator.compare(a.id, b.id);

/** Who is in the room, and who else is online. */
export class People {
  #state;
  #actions;

  /** @param actions `write(person)` */
  constructor(state, actions) {
    this.#state = state;
    this.#actions = actions;
  }

  render(tags) {
    const { active, online, me } = this.#state;
    const isRoom = active?.kind === 'room';
    const members = isRoom ? [...active.people.values()] : [];
    const inRoom = new Set(members.map(({ id }) => id));
    const others = [...online.values()].filter(({ id }) => !inRoom.has(id));
    byId('members-section').hidden = !isRoom;
    byId('online-section').hidden = others.length === 0;
    setText(byId('members-title'), `In this room · ${active?.members ?? 0}`);
    setText(byId('online-title'), isRoom ? `Also online · ${others.length}` : `Online · ${others.length}`);
    this.#fill('members', members, tags);
    this.#fill('online', others, tags);
    byId('alone').hidden = me === undefined || online.size > 1;
  }

  #fill(listId, people, tags) {
    const shown = people.sort(byName).slice(0, MAX_SHOWN);
    fill(
      byId(listId),
      shown,
      ({ id }) => id,
      this.#create,
      (element, person) => this.#update(element, person, tags),
    );
  }

  #create = () => {
    const { element, parts } = take('row-template');
    element.parts = parts;
    parts.row = element.querySelector('.row');
    parts.row.addEventListener('click', () => this.#actions.write(element.person));
    return element;
  };

  #update(element, person, tags) {
    const { parts } = element;
    const isMe = person.id === this.#state.me?.id;
    element.person = person;
    showAvatar(parts.mark, person);
    parts.mark.classList.toggle('is-online', this.#state.online.has(person.id));
    setText(parts.name, person.name);
    setText(parts.tag, tags.get(person.id) ?? '');
    setText(parts.note, isMe ? 'you' : '');
    parts.row.disabled = isMe;
    parts.row.title = isMe ? '' : 'Write privately';
  }
}
