import { GatewayModule, GatewayStrategy, type Gateway } from '#gateway';
import { formatAddress } from '#protocol';
import type { Environment } from '../../environment.js';
import type { Service } from '../../service.js';

export function gatewayService({
  registers,
  secret,
  lan,
  advertise,
  listen,
  serialization,
  accepts,
}: Environment): Service {
  return {
    module: GatewayModule.forRoot({
      registers: registers.map(formatAddress),
      secret,
      lan: formatAddress(lan),
      advertise: advertise === undefined ? '' : formatAddress(advertise),
      listen,
      serialization,
      maxAcceptsPerSecond: accepts,
    }),
    strategy: GatewayStrategy,
    facts: (app) => ({ urls: app.unwrap<Gateway>().urls }),
  };
}
