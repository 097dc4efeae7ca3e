import { runServices } from '../../service.js';
import { registerService } from './register.service.js';

await runServices((environment) => ({ start: [registerService(environment)] }));
