import type { CommandName } from '#protocol';
import * as client from './client.commands.js';
import type { Executor } from './executor.js';
import * as group from './group.commands.js';
import * as link from './link.commands.js';
import * as send from './send.commands.js';
import * as session from './session.commands.js';
import * as uid from './uid.commands.js';

/** An executor for each command of the protocol; one that lacks does not compile. */
export const EXECUTORS = {
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
} satisfies { [Name in CommandName]: Executor<Name> };
