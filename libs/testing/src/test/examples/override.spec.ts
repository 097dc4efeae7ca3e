import { Test } from '@nestjs/testing';
import { expect, it } from 'vitest';
import { WorkerModule } from 'nestwire';
import { createTestWorker } from 'nestwire/testing';
import { RoomHandlers, Tokens } from './room.handlers.js';

it('lets everybody in who is called eve', async () => {
  const module = Test.createTestingModule({
    imports: [WorkerModule.forRoot({ handlerTimeoutMs: 1_000 })],
    providers: [RoomHandlers, Tokens],
  })
    .overrideProvider(Tokens)
    .useValue({ nameOf: () => 'eve' });
  const worker = await createTestWorker(module);
  const eve = await worker.connect();
  expect(eve.uid).toBe('eve');
  await worker.close();
});
