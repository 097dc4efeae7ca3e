import { Composer } from './composer.js';
import { byId } from './dom.js';
import { Frame } from './frame.js';
import { Identity } from './identity.js';
import { Messages } from './messages.js';
import { tagsOf } from './names.js';
import { People } from './people.js';
import { Session } from './session.js';
import { Sidebar } from './sidebar.js';
import { SignIn } from './sign-in.js';
import { ChatState } from './state.js';

const CONFIG_AGAIN_MS = 2_000;

/** The gateways, as this browser reaches them. */
async function gatewayUrls() {
  for (;;) {
    try {
      const { gateways } = await (await fetch('/config.json')).json();
      return gateways.map(reachable);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, CONFIG_AGAIN_MS));
    }
  }
}

/** A gateway on all addresses of its machine is on the one by which the page was reached. */
function reachable(gateway) {
  const url = new URL(gateway);
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = location.hostname;
  return url.href;
}

const identity = new Identity();
const state = new ChatState();
const urls = await gatewayUrls();
const session = new Session(state, identity, urls, {
  isRead: (conversation) => messages.isRead(conversation),
  rejected: (problem) => signIn.show(identity.name, problem),
});

function open(conversation) {
  state.show(conversation);
  session.refresh(conversation);
  frame.closeDrawer();
  composer.focus();
}

function comeAs(name) {
  if (urls.length === 0)
    return signIn.show(name, 'This page was told of no gateway: NESTWIRE_LISTEN names no ws:// address.');
  identity.rename(name);
  signIn.hide();
  session.connect();
  composer.focus();
}

const frame = new Frame(state, {
  leave: () => session.leave(state.active),
  reconnect: () => session.connect(),
  retryAtMs: () => session.retryAtMs,
  endCode: () => session.endCode,
});
const sidebar = new Sidebar(state, { open, join: async (room) => open(await session.join(room)) });
const people = new People(state, { write: (person) => open(state.with(person)) });
const messages = new Messages(state, {
  again: (conversation, entry) => void session.sayAgain(conversation, entry),
});
const composer = new Composer(state, { send: (conversation, text) => void session.say(conversation, text) });
const signIn = new SignIn(() => state.limits, comeAs);

/** Whoever is in sight: two of them with one name are told apart everywhere. */
function* peopleInSight() {
  yield* state.online.values();
  for (const { kind, person } of state.conversations.values()) if (kind === 'person') yield person;
  if (state.active?.kind === 'room') yield* state.active.people.values();
  for (const entry of state.active?.entries ?? []) if (entry.kind === 'text') yield entry.from;
}

state.addEventListener('change', () => {
  const tags = tagsOf(peopleInSight());
  for (const view of [frame, sidebar, people, messages, composer]) view.render(tags);
});

// After a night in a bag the connection may be dead without anybody having said so: a question finds out.
document.addEventListener('visibilitychange', () => document.hidden || session.refresh(state.active));
byId('change-name').addEventListener('click', () => {
  frame.closeDrawer();
  session.signOut();
  signIn.show(identity.name);
});
identity.onRenamed((name) => state.phase !== 'signed-out' && comeAs(name));

if (identity.name === '') signIn.show('');
else comeAs(identity.name);
