/**
 * Who this browser is. The secret stays between it and the chat: others see a hash of it. All tabs share secret and name; each
 * tab has its own rooms, and a new one begins with those of the last.
 */
const SECRET = 'nestwire.secret';
const NAME = 'nestwire.name';
const ROOMS = 'nestwire.rooms';
const FIRST_ROOMS = ['general'];
const SECRET_BYTES = 32;

export class Identity {
  secret = read(localStorageOf(), SECRET) ?? newSecret();
  name = read(localStorageOf(), NAME) ?? '';
  rooms = roomsIn(read(sessionStorageOf(), ROOMS)) ?? roomsIn(read(localStorageOf(), ROOMS)) ?? FIRST_ROOMS;

  constructor() {
    write(localStorageOf(), SECRET, this.secret);
  }

  rename(name) {
    this.name = name;
    write(localStorageOf(), NAME, name);
  }

  setRooms(rooms) {
    this.rooms = rooms;
    const text = JSON.stringify(rooms);
    write(sessionStorageOf(), ROOMS, text);
    write(localStorageOf(), ROOMS, text);
  }

  /** Another tab has taken another name. */
  onRenamed(listener) {
    addEventListener('storage', ({ key, newValue }) => {
      if (key !== NAME || !newValue || newValue === this.name) return;
      this.name = newValue;
      listener(newValue);
    });
  }
}

function newSecret() {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

function roomsIn(text) {
  if (text === undefined) return undefined;
  try {
    const rooms = JSON.parse(text);
    return Array.isArray(rooms) ? rooms.filter((room) => typeof room === 'string') : undefined;
  } catch {
    return undefined; // somebody else's text under our name
  }
}

// A browser that is told to keep nothing throws on the mere mention of its storage: then this visit is all there is.
function localStorageOf() {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

function sessionStorageOf() {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}

function read(storage, key) {
  return storage?.getItem(key) ?? undefined;
}

function write(storage, key, value) {
  try {
    storage?.setItem(key, value);
  } catch {
    // full, or forbidden: the chat works without
  }
}
