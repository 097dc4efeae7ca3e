import { GatewayApi } from '#api';
import { Client, ClientHandlers, type ClientContext, OnMessage, Payload } from '#worker';

const GROUP = 'g';
const COMMAND_LENGTH = 2;

/**
 * What every server of the load tests understands: `J:<group>` joins the group, `B:<text>` sends the text to group `g`,
 * `A:<text>` sends it to all, anything else is echoed. An ordinary handler class, as users write them.
 */
@ClientHandlers()
export class BenchHandlers {
  constructor(private readonly gateway: GatewayApi) {}

  @OnMessage()
  handle(@Client() client: ClientContext, @Payload() data: string | Buffer): void {
    const text = typeof data === 'string' ? data : data.toString();
    if (text.startsWith('J:')) this.gateway.joinGroup(client.id, text.slice(COMMAND_LENGTH));
    else if (text.startsWith('B:')) this.gateway.sendToGroup(GROUP, text.slice(COMMAND_LENGTH));
    else if (text.startsWith('A:')) this.gateway.sendToAll(text.slice(COMMAND_LENGTH));
    else this.gateway.sendToClient(client.id, data);
  }
}
