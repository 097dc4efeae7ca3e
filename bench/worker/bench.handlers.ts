import { GatewayApi } from '#api';
import { Client, ClientHandlers, type ClientContext, OnMessage, Payload } from '#worker';

const GROUP = 'g';
const COMMAND_LENGTH = 2;

/**
 * What every server of the load tests understands: `J:<group>` joins the group, `B:<text>` sends the text to group `g`,
 * `A:<text>` sends it to all, anything else is echoed. And what only Nestwire is asked: `L:` binds the client's own id as
 * its uid, `U:<text>` is answered by uid, `G:<text>` after joining a group (which the client then leaves, so that every
 * join is a real one), `I:<text>` after asking for the client's facts. An ordinary handler class, as users write them.
 */
@ClientHandlers()
export class BenchHandlers {
  constructor(private readonly gateway: GatewayApi) {}

  @OnMessage()
  handle(@Client() client: ClientContext, @Payload() data: string | Buffer): Promise<void> | void {
    const text = typeof data === 'string' ? data : data.toString();
    if (text.charAt(1) !== ':') return this.gateway.sendToClient(client.id, data);
    switch (text.charAt(0)) {
      case 'J':
        return this.gateway.joinGroup(client.id, text.slice(COMMAND_LENGTH));
      case 'B':
        return this.gateway.sendToGroup(GROUP, text.slice(COMMAND_LENGTH));
      case 'A':
        return this.gateway.sendToAll(text.slice(COMMAND_LENGTH));
      case 'L':
        return this.gateway.bindUid(client.id, client.id);
      case 'U':
        return this.gateway.sendToUid(client.id, data);
      case 'G':
        return this.#visitGroup(client, data);
      case 'I':
        return this.#answerInformed(client, data);
      default:
        return this.gateway.sendToClient(client.id, data);
    }
  }

  #visitGroup({ id }: ClientContext, data: string | Buffer): void {
    this.gateway.joinGroup(id, 'visited');
    this.gateway.sendToClient(id, data);
    this.gateway.leaveGroup(id, 'visited');
  }

  async #answerInformed({ id }: ClientContext, data: string | Buffer): Promise<void> {
    await this.gateway.getClientInfo(id);
    this.gateway.sendToClient(id, data);
  }
}
