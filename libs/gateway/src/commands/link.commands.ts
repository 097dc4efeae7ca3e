import type { Executor } from './executor.js';

/** That it arrived is all that it says: the link's silence timer has seen it. */
export const ping: Executor<'ping'> = () => undefined;

export const registerWorker: Executor<'registerWorker'> = (context, tags, caller) =>
  context.addWorker(caller, tags);
