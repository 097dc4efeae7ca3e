/**
 * First bytes of the payloads that the base protocol does not have; 211 is that of a batch (`BATCH_CODE`). Commands (1–199) and
 * events (20–24) keep their layout: on a link of the extension they only may come inside `Marked` or `Request`.
 */
export const ExtensionCode = {
  /** either way: optional fields before an event or a command */
  Marked: 200,
  /** worker → gateway: these events are done with */
  Acknowledge: 201,
  /** caller → gateway: a command that is answered */
  Request: 202,
  /** gateway → caller: its answer */
  Reply: 203,
  /** worker → gateway: route nothing new to me */
  Leave: 204,
  /** gateway → worker: nothing more comes */
  Left: 205,
  /** worker → gateway: from now on I take events */
  TakeEvents: 206,
  /** caller → gateway: a message to all clients of a uid */
  SendToUid: 207,
  /** either way: answer with Pong */
  Ping: 208,
  Pong: 209,
  /** gateway → worker: so many of your session writes are in the sessions that follow */
  SessionsApplied: 210,
} as const;
