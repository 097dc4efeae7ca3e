import * as client from './client.commands.js';
import * as group from './group.commands.js';
import * as link from './link.commands.js';
import * as send from './send.commands.js';
import * as session from './session.commands.js';
import * as uid from './uid.commands.js';

/** Every command of the base protocol, by the name that the api, the gateway's executors and the docs use. */
export const COMMANDS = {
  ping: link.ping,
  bindUid: uid.bindUid,
  closeClient: client.closeClient,
  deleteSession: session.deleteSession,
  getClientCount: client.getClientCount,
  getClientCountByGroup: group.getClientCountByGroup,
  getClientCountByUid: uid.getClientCountByUid,
  getClientInfo: client.getClientInfo,
  getClientList: client.getClientList,
  getClientListByGroup: group.getClientListByGroup,
  getClientListByUid: uid.getClientListByUid,
  getGroupList: group.getGroupList,
  getSession: session.getSession,
  getUidCount: uid.getUidCount,
  getUidList: uid.getUidList,
  getUidListByGroup: group.getUidListByGroup,
  isOnline: client.isOnline,
  joinGroup: group.joinGroup,
  leaveGroup: group.leaveGroup,
  registerWorker: link.registerWorker,
  sendToAll: send.sendToAll,
  sendToClient: send.sendToClient,
  sendToGroup: send.sendToGroup,
  setSession: session.setSession,
  unBindUid: uid.unBindUid,
  unGroup: group.unGroup,
  updateSession: session.updateSession,
} as const;

export type Commands = typeof COMMANDS;
export type CommandName = keyof Commands;

export { ClientField, CloseMode, type ClientDetails, type ClientInfoReply } from './client.commands.js';
export { UID_SAMPLE_SIZE, type UidCountReply } from './uid.commands.js';
export type { Tag } from './link.commands.js';
export {
  readReply,
  readRequest,
  writeRequest,
  type AnswerOf,
  type Command,
  type Question,
  type ReceivedOf,
  type ReplyOf,
  type RequestOf,
} from './command.js';
export { defineCommand, defineQuestion, isCustomCode, jsonCodec } from './custom.js';
