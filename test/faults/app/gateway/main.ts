import { ConsoleLogger } from '@nestjs/common';
import { formatAddress } from '#protocol';
import { GatewayModule, GatewayStrategy, type Gateway, type GatewayModuleOptions } from '#gateway';
import { runServices } from '../../../../apps/service.js';
import { nowUs } from '../clock.js';
import { answerProbes } from '../probe.js';
import { gatewayProbe } from './gateway-probe.js';

/** What differs from the defaults. */
const options = JSON.parse(process.argv[2]!) as GatewayModuleOptions;

// When a worker was given up has to be put in order with what its handlers did.
Object.defineProperty(ConsoleLogger.prototype, 'getTimestamp', { value: () => String(nowUs()) });

/** A gateway like any other, with options that the environment does not have, and which tells about itself. */
await runServices(({ registers, secret, lan, advertise, listen }) => ({
  start: [
    {
      module: GatewayModule.forRoot({
        registers: registers.map(formatAddress),
        secret,
        lan: formatAddress(lan),
        advertise: advertise === undefined ? '' : formatAddress(advertise),
        listen,
        ...options,
      }),
      strategy: GatewayStrategy,
      started: (app) => answerProbes(() => gatewayProbe(app.unwrap<Gateway>())),
    },
  ],
}));
