import { describe, expect, it } from 'vitest';
import { GatewayApiModule, GatewayModule, RegisterModule, WorkerModule } from './index.js';

describe('every module', () => {
  it.each([
    ['RegisterModule', () => RegisterModule.forRoot()],
    ['GatewayModule', () => GatewayModule.forRoot()],
    ['WorkerModule', () => WorkerModule.forRoot()],
    ['GatewayApiModule', () => GatewayApiModule.forRoot()],
  ])('%s takes its defaults when it is given nothing', (name, forRoot) => {
    expect(forRoot().module.name).toBe(name);
  });
});
