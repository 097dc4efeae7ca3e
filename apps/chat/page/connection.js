import { mayComeBack, retryDelayMs } from './retry.js';

const OPEN_TIMEOUT_MS = 10_000;
/** Longer than a gateway keeps what was said while all workers are being replaced, which is 30 s: what is kept will be answered. */
const ANSWER_TIMEOUT_MS = 40_000;

/** What was asked failed: `code` is for programs, the message for people. */
export class AskError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * One conversation with a gateway at a time, and a new one when it ends. Events:
 * - `open`: connected, nothing was asked yet
 * - `told`, with `detail.event` and `detail.data`: what the chat says by itself
 * - `state`, whenever `state` has changed: `idle`, `connecting`, `open`, `waiting` (until `retryAtMs`), or `ended` with `endCode`
 */
export class Connection extends EventTarget {
  #urls;
  #next;
  #socket;
  #attempt = 0;
  #timer;
  #lastId = 0;
  #asked = new Map();

  state = 'idle';
  retryAtMs = 0;
  endCode = 0;

  /** @param {string[]} urls the gateways: any of them will do, so each browser begins with another one */
  constructor(urls) {
    super();
    this.#urls = urls;
    this.#next = Math.floor(Math.random() * urls.length);
    addEventListener('online', () => this.state === 'waiting' && this.connect());
    addEventListener('offline', () => this.#socket && this.#lost(this.#socket, 1006));
  }

  /** Now, whatever was before. */
  connect() {
    this.#drop();
    const url = this.#urls[this.#next++ % this.#urls.length];
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(socket, 1006), OPEN_TIMEOUT_MS);
    socket.addEventListener('open', () => this.#opened(socket));
    socket.addEventListener('message', ({ data }) => socket === this.#socket && this.#take(textOf(data)));
    socket.addEventListener('close', ({ code }) => this.#lost(socket, code));
    this.#become('connecting');
  }

  /** Everything works again: the next failure is the first one. */
  settled() {
    this.#attempt = 0;
  }

  /** It is connected and yet of no use: as if it had been lost. */
  startOver() {
    if (this.#socket !== undefined) this.#lost(this.#socket, 1006);
  }

  /** Ends for good, until `connect` is called. */
  close() {
    this.#drop();
    this.#become('idle');
  }

  /** Resolves with the answer. @throws AskError, also when no answer comes: then the connection is taken for dead */
  ask(event, data) {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) {
      return Promise.reject(new AskError('OFFLINE', 'There is no connection'));
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#lost(socket, 1006), ANSWER_TIMEOUT_MS);
      this.#asked.set(id, { resolve, reject, timer });
      socket.send(JSON.stringify({ event, data, id }));
    });
  }

  #opened(socket) {
    if (socket !== this.#socket) return; // given up a moment ago
    clearTimeout(this.#timer);
    this.#become('open');
    this.dispatchEvent(new Event('open'));
  }

  #take(text) {
    const { id, event, data, error } = JSON.parse(text);
    if (id === undefined)
      return void this.dispatchEvent(new CustomEvent('told', { detail: { event, data } }));
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    clearTimeout(asked.timer);
    if (error === undefined) asked.resolve(data);
    else asked.reject(new AskError(error.code, error.message));
  }

  #lost(socket, code) {
    if (socket !== this.#socket) return; // an earlier one, whose end was acted upon
    this.#drop();
    if (!mayComeBack(code)) {
      this.endCode = code;
      return this.#become('ended');
    }
    const delayMs = retryDelayMs(code, this.#attempt++);
    this.retryAtMs = Date.now() + delayMs;
    this.#timer = setTimeout(() => this.connect(), delayMs);
    this.#become('waiting');
  }

  #drop() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    const lost = new AskError('LOST', 'The connection was lost, so it may not have arrived.');
    for (const { reject, timer } of this.#asked.values()) {
      clearTimeout(timer);
      reject(lost);
    }
    this.#asked.clear();
  }

  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event('state'));
  }
}

/** A listener may be set to send all messages as bytes. */
function textOf(data) {
  return typeof data === 'string' ? data : new TextDecoder().decode(data);
}
