import { byId, setText } from './dom.js';

/** Where one chooses a name. */
export class SignIn {
  #chosen;
  #limits;

  /** @param chosen called with the name */
  constructor(limits, chosen) {
    this.#limits = limits;
    this.#chosen = chosen;
    byId('sign-in')
      .querySelector('form')
      .addEventListener('submit', (event) => {
        event.preventDefault();
        this.#submit(byId('name').value.trim());
      });
  }

  show(name, problem = '') {
    byId('chat').hidden = true;
    byId('sign-in').hidden = false;
    byId('name').value = name;
    this.#say(problem);
    byId('name').select();
    byId('name').focus();
  }

  hide() {
    byId('sign-in').hidden = true;
    byId('chat').hidden = false;
  }

  #submit(name) {
    const length = [...name].length;
    if (length === 0) return this.#refuse('Choose a name: it is what the others see.');
    if (length > this.#limits().name)
      return this.#refuse(`A name has at most ${this.#limits().name} characters.`);
    this.#say('');
    this.#chosen(name);
  }

  #refuse(problem) {
    this.#say(problem);
    byId('name').focus();
  }

  #say(problem) {
    setText(byId('name-problem'), problem);
    byId('name').setAttribute('aria-invalid', String(problem !== ''));
  }
}
