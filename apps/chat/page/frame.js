import { byId, setText } from './dom.js';

const PHASES = {
  connecting: 'Connecting…',
  online: 'Connected',
  waiting: 'Reconnecting…',
  ended: 'Disconnected',
};
const ENDINGS = {
  1008: 'The chat does not let this browser in.',
  4004: 'The chat has closed this connection.',
  4401: 'The chat does not know you any more.',
};
const COUNTDOWN_MS = 500;

/** What is around the conversation: its head, the state of the connection, and the drawers of a narrow window. */
export class Frame {
  #state;
  #actions;
  #openDrawer = undefined;

  /** @param actions `leave()`, `reconnect()`, `retryAtMs()`, `endCode()` */
  constructor(state, actions) {
    this.#state = state;
    this.#actions = actions;
    byId('leave').addEventListener('click', () => actions.leave());
    byId('banner-button').addEventListener('click', () => actions.reconnect());
    byId('open-sidebar').addEventListener('click', () => this.#open(byId('sidebar'), byId('open-sidebar')));
    byId('open-people').addEventListener('click', () => this.#open(byId('people'), byId('open-people')));
    byId('backdrop').addEventListener('click', () => this.closeDrawer());
    for (const button of document.querySelectorAll('.close-drawer'))
      button.addEventListener('click', () => this.closeDrawer());
    document.addEventListener('keydown', ({ key }) => key === 'Escape' && this.closeDrawer());
    // A window that becomes wide shows both panels beside the conversation.
    matchMedia('(min-width: 66rem)').addEventListener('change', () => this.closeDrawer());
    setInterval(() => this.#state.phase === 'waiting' && this.#renderBanner(), COUNTDOWN_MS);
  }

  render(tags) {
    const { active, phase, unread } = this.#state;
    document.body.dataset.phase = phase;
    setText(byId('title'), titleOf(active));
    byId('title').classList.toggle('is-room', active?.kind === 'room');
    setText(byId('subtitle'), this.#subtitle(active, tags));
    byId('leave').hidden = active === undefined;
    setText(byId('leave-text'), active?.kind === 'person' ? 'Close' : 'Leave');
    byId('leave').setAttribute(
      'aria-label',
      active?.kind === 'person' ? 'Close this conversation' : 'Leave this room',
    );
    byId('elsewhere').hidden = unread - (active?.unread ?? 0) === 0;
    setText(byId('connection-state'), PHASES[phase] ?? '');
    this.#renderBanner();
    const title = active === undefined ? 'Nestwire chat' : `${titleOf(active)} · Nestwire chat`;
    document.title = unread > 0 ? `(${unread}) ${title}` : title;
  }

  closeDrawer() {
    if (this.#openDrawer === undefined) return;
    const { panel, button } = this.#openDrawer;
    this.#openDrawer = undefined;
    panel.classList.remove('is-open');
    document.body.classList.remove('has-drawer');
    button.setAttribute('aria-expanded', 'false');
    for (const part of byId('chat').children) part.inert = false;
    button.focus();
  }

  #open(panel, button) {
    this.closeDrawer();
    this.#openDrawer = { panel, button };
    panel.classList.add('is-open');
    document.body.classList.add('has-drawer');
    button.setAttribute('aria-expanded', 'true');
    for (const part of byId('chat').children) part.inert = part !== panel && part !== byId('backdrop');
    panel.querySelector('.close-drawer').focus();
  }

  #subtitle(active, tags) {
    if (active === undefined) return '';
    if (active.kind === 'room') return active.members === 1 ? 'Only you' : `${active.members} people`;
    const tag = tags.get(active.person.id);
    return `${this.#state.online.has(active.person.id) ? 'Online' : 'Offline'}${tag === undefined ? '' : ` · ${tag}`}`;
  }

  #renderBanner() {
    const { phase } = this.#state;
    byId('banner').hidden = phase !== 'waiting' && phase !== 'ended';
    byId('banner').classList.toggle('is-final', phase === 'ended');
    const button = byId('banner-button');
    button.hidden = false;
    if (phase === 'ended') {
      setText(byId('banner-text'), ENDINGS[this.#actions.endCode()] ?? 'The connection has ended.');
      setText(button, 'Connect again');
    } else if (phase === 'waiting') {
      // The seconds stand on the button: a status that changes every second would be read out every second.
      setText(byId('banner-text'), 'The connection is lost. It comes back by itself.');
      const seconds = Math.ceil((this.#actions.retryAtMs() - Date.now()) / 1000);
      setText(button, seconds > 1 ? `Try now (${seconds} s)` : 'Try now');
    }
  }
}

function titleOf(active) {
  if (active === undefined) return '';
  return active.kind === 'room' ? active.room : active.person.name;
}
