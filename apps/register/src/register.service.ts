import { RegisterModule, RegisterStrategy } from '#register';
import { formatAddress } from '#protocol';
import { ownRegisterAddress, type Environment } from '../../environment.js';
import type { Service } from '../../service.js';

export function registerService(environment: Environment): Service {
  return {
    module: RegisterModule.forRoot({
      listen: formatAddress(ownRegisterAddress(environment)),
      secret: environment.secret,
      protocol: environment.serialization === 'php' ? 'base' : 'nestwire',
    }),
    strategy: RegisterStrategy,
  };
}
