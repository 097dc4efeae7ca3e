import { byId, fillText, setText, take } from './dom.js';
import { showAvatar } from './sidebar.js';
import { dayText, fullText, isSameDay, timeText } from './time.js';

/** So close to the end the reader reads the end. */
const END_MARGIN_PX = 64;
/** What the same person says within that time stands together. */
const TOGETHER_MS = 5 * 60_000;

/** The active conversation's log. It follows what comes as long as the reader is at its end, and never moves otherwise. */
export class Messages {
  #state;
  #actions;
  #shown = undefined;
  #shownTags = '';
  #elements = new Map();
  #isAtEnd = true;
  #missed = 0;

  /** @param actions `again(entry)` */
  constructor(state, actions) {
    this.#state = state;
    this.#actions = actions;
    const log = byId('log');
    log.addEventListener('scroll', () => this.#onScroll(), { passive: true });
    byId('to-end').addEventListener('click', () => this.toEnd());
    document.addEventListener('visibilitychange', () => this.#readEnd());
    // A keyboard that slides in takes room from above, and would hide what was said last.
    new ResizeObserver(() => this.#isAtEnd && this.toEnd()).observe(log);
  }

  /** Whether the reader has the end of that conversation before the eyes. */
  isRead(conversation) {
    return conversation === this.#state.active && this.#isAtEnd && !document.hidden;
  }

  toEnd() {
    const log = byId('log');
    log.scrollTop = log.scrollHeight;
    this.#isAtEnd = true;
    this.#readEnd();
  }

  render(tags) {
    const { active } = this.#state;
    const tagText = JSON.stringify([...tags]);
    if (active !== this.#shown) this.#switchTo(active, tags);
    else if (tagText !== this.#shownTags) this.#clear();
    this.#shownTags = tagText;
    const added = this.#append(active?.entries ?? [], tags);
    byId('empty').hidden = (active?.entries.length ?? 0) > 0;
    this.#renderEmpty(active);
    if (this.#isAtEnd || added.some(({ isMine, status }) => isMine && status === 'sending')) this.toEnd();
    else this.#missed += added.filter(({ kind, isMine }) => kind === 'text' && !isMine).length;
    this.#renderToEnd();
  }

  #switchTo(conversation, tags) {
    if (this.#shown !== undefined) this.#shown.scrollTop = this.#isAtEnd ? undefined : byId('log').scrollTop;
    this.#shown = conversation;
    this.#missed = 0;
    this.#clear();
    this.#append(conversation?.entries ?? [], tags);
    const log = byId('log');
    this.#isAtEnd = conversation?.scrollTop === undefined;
    log.scrollTop = this.#isAtEnd ? log.scrollHeight : conversation.scrollTop;
  }

  /** What stands there already is not read out once more. */
  #clear() {
    const log = byId('log');
    log.setAttribute('aria-live', 'off');
    setTimeout(() => log.setAttribute('aria-live', 'polite'));
    byId('messages').replaceChildren();
    this.#elements.clear();
  }

  /** Brings the list up to date: new ones at the end, oldest ones gone, others as they are but for their status. */
  #append(entries, tags) {
    const list = byId('messages');
    const kept = new Set(entries.map(({ key }) => key));
    for (const [key, elements] of this.#elements) {
      if (kept.has(key)) continue;
      for (const element of elements) element.remove();
      this.#elements.delete(key);
    }
    const added = [];
    entries.forEach((entry, index) => {
      const known = this.#elements.get(entry.key);
      if (known !== undefined)
        return entry.status === undefined ? undefined : updateStatus(known.at(-1), entry);
      const previous = entries[index - 1];
      const elements = [];
      if (previous === undefined || !isSameDay(previous.at, entry.at)) elements.push(dayElement(entry));
      elements.push(
        entry.kind === 'text' ? this.#message(entry, previous, tags) : noticeElement(entry, tags),
      );
      list.append(...elements);
      this.#elements.set(entry.key, elements);
      added.push(entry);
    });
    return added;
  }

  #message(entry, previous, tags) {
    const { element, parts } = take('message-template');
    element.parts = parts;
    element.classList.toggle('mine', entry.isMine);
    element.classList.toggle('continued', isContinued(entry, previous));
    showAvatar(parts.avatar, entry.from);
    setText(parts.name, entry.isMine ? 'You' : entry.from.name);
    setText(parts.tag, tags.get(entry.from.id) ?? '');
    fillText(parts.text, entry.text);
    parts.again.addEventListener('click', () => this.#actions.again(this.#shown, entry));
    updateStatus(element, entry);
    return element;
  }

  #renderEmpty(active) {
    const [title, text] = emptyWords(active, this.#state);
    setText(byId('empty-title'), title);
    setText(byId('empty-text'), text);
  }

  #onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = byId('log');
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight <= END_MARGIN_PX;
    this.#readEnd();
    this.#renderToEnd();
  }

  #readEnd() {
    const { active } = this.#state;
    if (active === undefined || !this.isRead(active)) return;
    this.#missed = 0;
    this.#state.read(active);
    this.#renderToEnd();
  }

  #renderToEnd() {
    const button = byId('to-end');
    button.hidden = this.#isAtEnd;
    const words = this.#missed === 1 ? '1 new message' : `${this.#missed} new messages`;
    setText(button, this.#missed === 0 ? 'To the newest' : words);
  }
}

function updateStatus({ parts, classList }, { status, reason, at }) {
  classList.toggle('is-sending', status === 'sending');
  classList.toggle('is-failed', status === 'failed');
  parts.time.dateTime = new Date(at).toISOString();
  parts.time.title = fullText(at);
  setText(parts.time, timeText(at));
  parts.failure.hidden = status !== 'failed';
  setText(parts.reason, status === 'failed' ? `Not sent. ${reason}` : '');
}

function isContinued(entry, previous) {
  return (
    previous?.kind === 'text' &&
    previous.from.id === entry.from.id &&
    previous.from.name === entry.from.name &&
    entry.at - previous.at < TOGETHER_MS &&
    isSameDay(previous.at, entry.at)
  );
}

function noticeElement({ kind, person, at }, tags) {
  const { element, parts } = take('notice-template');
  if (kind === 'gap') {
    element.classList.add('gap');
    setText(parts.words, `Connection lost at ${timeText(at)}. What was said meanwhile is not here.`);
    return element;
  }
  const name = document.createElement('bdi');
  const tag = tags.get(person.id);
  name.textContent = tag === undefined ? person.name : `${person.name} (${tag})`;
  parts.words.append(name, kind === 'joined' ? ' joined' : ' left');
  element.title = fullText(at);
  return element;
}

function dayElement({ at }) {
  const { element, parts } = take('day-template');
  setText(parts.day, dayText(at));
  return element;
}

function emptyWords(active, { phase }) {
  if (active === undefined) {
    return phase === 'online'
      ? ['No conversation is open', 'Choose a room, make a new one, or write to somebody.']
      : ['', ''];
  }
  if (active.kind === 'person')
    return [`Between you and ${active.person.name}`, 'All open tabs of both of you see what you write here.'];
  return [`Welcome to ${active.room}`, 'Nothing was said since you came. Say hello!'];
}
