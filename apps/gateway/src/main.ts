import { runServices } from '../../service.js';
import { gatewayService } from './gateway.service.js';

await runServices((environment) => ({ start: [gatewayService(environment)] }));
