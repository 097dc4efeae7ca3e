import {
  BadRequestException,
  Injectable,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import {
  Client,
  ClientContext,
  ClientEventContext,
  ClientHandlers,
  Ctx,
  GatewayApi,
  OnClose,
  OnConnect,
  OnMessage,
  OnWorkerStart,
  OnWorkerStop,
  Payload,
  PartialResultError,
  Session,
  type ClientId,
  type ClientSession,
} from 'nestwire';
import { groupSizes } from './group-sizes.command.js';

interface Greeting {
  readonly name: string;
}

@Injectable()
class NamedGuard implements CanActivate {
  canActivate(host: ExecutionContext): boolean {
    const { session } = host.switchToRpc().getContext<ClientEventContext>();
    return typeof session['name'] === 'string';
  }
}

/** A worker as a reader of our README writes it. */
@ClientHandlers()
export class GreetingHandlers {
  constructor(private readonly gateway: GatewayApi) {}

  @OnWorkerStart()
  started(): void {
    process.stdout.write('handlers started\n');
  }

  @OnWorkerStop()
  stopped(): void {
    process.stdout.write('handlers stopped\n');
  }

  @OnConnect()
  welcome(@Client() client: ClientContext): void {
    this.gateway.sendToClient(client.id, JSON.stringify({ event: 'welcome', data: client.request?.path }));
  }

  @OnMessage('greet')
  greet(@Payload() { name }: Greeting, @Client() { id }: ClientContext): { hello: string; id: ClientId } {
    if (typeof name !== 'string') throw new BadRequestException('A greeting needs a name');
    this.gateway.bindUid(id, name);
    this.gateway.joinGroup(id, 'greeted');
    this.gateway.setSession(id, { name });
    return { hello: name, id };
  }

  @OnMessage('who')
  @UseGuards(NamedGuard)
  async who(@Session() session: ClientSession, @Ctx() context: ClientEventContext): Promise<unknown> {
    const uids: string[] = [];
    for await (const uid of this.gateway.getUidListByGroup('greeted')) uids.push(uid);
    return {
      me: session['name'],
      type: context.type,
      uids,
      online: await this.gateway.isUidOnline('nobody'),
    };
  }

  @OnMessage('sizes')
  async sizes(): Promise<unknown> {
    try {
      return await this.gateway.sendToAddressListAndRecv(this.gateway.gateways, groupSizes, [
        'greeted',
        'empty',
      ]);
    } catch (error) {
      if (error instanceof PartialResultError) return error.code;
      throw error;
    }
  }

  @OnClose()
  left(@Client() { uid, groups, closeCode }: ClientContext): void {
    process.stdout.write(`left: ${uid} ${groups.join()} ${closeCode}\n`);
  }
}
