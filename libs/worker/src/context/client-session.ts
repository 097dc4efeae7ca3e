import type { SessionData } from '#api';

/** What is kept with a connection, as it was when the handler asked. Frozen. */
export type ClientSession = Readonly<SessionData>;
