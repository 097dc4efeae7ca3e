import { checkOneProcess } from '../../environment.js';
import { runServices } from '../../service.js';
import { registerService } from './register.service.js';

await runServices((environment) => {
  checkOneProcess(environment);
  return { start: [registerService(environment)] };
});
