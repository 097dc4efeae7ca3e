import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { QuestionTimeoutError } from '#api';
import { NotInRoomError } from './chat.errors.js';
import { ChatFilter } from './chat.filter.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('ChatFilter', () => {
  it('tells what the chat itself refuses, with its code', () => {
    expect(new ChatFilter().catch(new NotInRoomError('lounge'))).toEqual({
      code: 'NOT_IN_ROOM',
      message: 'You are not in "lounge". Join it first',
    });
  });

  it('keeps the addresses of gateways that failed in the log', () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const told = new ChatFilter().catch(
      new QuestionTimeoutError({ host: '10.0.0.5', port: 9108 }, 22, 1_000),
    );
    expect(told.code).toBe('TRY_AGAIN');
    expect(told.message).not.toContain('10.0.0.5');
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('10.0.0.5:9108'));
  });
});
