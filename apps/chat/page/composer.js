import { byId, setText } from './dom.js';

const MAX_HEIGHT_PX = 168;
/** From here on it is said how much room is left. */
const NEAR_LIMIT = 200;

/** Where one writes. What is written stays there until it can be sent, and each conversation has its own. */
export class Composer {
  #state;
  #actions;
  #shown = undefined;
  #wantsFocus = false;

  /** @param actions `send(conversation, text)` */
  constructor(state, actions) {
    this.#state = state;
    this.#actions = actions;
    const box = byId('text');
    box.addEventListener('input', () => this.#onInput());
    box.addEventListener('keydown', (event) => {
      // An input method uses Enter for itself while it composes.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    });
    byId('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#send();
      box.focus();
    });
  }

  focus() {
    // On a touch screen the keyboard would cover what one wants to read.
    this.#wantsFocus = matchMedia('(hover: hover)').matches;
    this.#state.changed(); // there may be nothing yet to write into
  }

  render() {
    const { active } = this.#state;
    byId('composer').hidden = active === undefined;
    if (active === undefined) return;
    byId('text').placeholder = `Write to ${active.kind === 'room' ? `#${active.room}` : active.person.name}`;
    if (active !== this.#shown) {
      this.#shown = active;
      byId('text').value = active.draft;
      fitHeight(byId('text'));
    }
    this.#renderHint();
    if (this.#wantsFocus) byId('text').focus();
    this.#wantsFocus = false;
  }

  #renderHint() {
    const problem = this.#problem();
    const left = this.#state.limits.text - lengthOf(this.#shown.draft);
    const counter = left < NEAR_LIMIT ? `${left} characters left` : '';
    setText(byId('hint'), problem ?? counter);
    byId('hint').classList.toggle('is-problem', problem !== undefined);
    byId('send').disabled = problem !== undefined || this.#shown.draft.trim() === '';
  }

  /** Why nothing can be sent now. */
  #problem() {
    const { phase, limits, online } = this.#state;
    const { kind, isJoined, person, draft } = this.#shown;
    if (phase !== 'online') return 'You are offline. What you write stays here until the connection is back.';
    if (kind === 'room' && !isJoined) return 'Going back to the room…';
    if (kind === 'person' && !online.has(person.id))
      return `${person.name} is offline, and private messages reach people who are online.`;
    const tooMany = lengthOf(draft) - limits.text;
    return tooMany > 0 ? `${tooMany} characters too many: ${limits.text} fit in a message.` : undefined;
  }

  #onInput() {
    if (this.#shown === undefined) return;
    this.#shown.draft = byId('text').value;
    fitHeight(byId('text'));
    this.#renderHint();
  }

  #send() {
    const conversation = this.#shown;
    const text = conversation?.draft.trim() ?? '';
    if (text === '' || this.#problem() !== undefined) return;
    conversation.draft = '';
    byId('text').value = '';
    fitHeight(byId('text'));
    this.#actions.send(conversation, text);
  }
}

/** As the chat counts: what people take for half a character or for two is one. */
function lengthOf(text) {
  return [...text.trim()].length;
}

function fitHeight(box) {
  box.style.height = 'auto';
  box.style.height = `${Math.min(MAX_HEIGHT_PX, box.scrollHeight)}px`;
}
