import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '#protocol';
import { parseListenerUrl } from './listener-url.js';

const parse = (text: string): unknown => parseListenerUrl(text, 'gateway.listen');

describe("a listener's URL", () => {
  it('says what to listen on', () => {
    expect(parse('ws://127.0.0.1:8000')).toEqual({
      kind: 'ws',
      host: '127.0.0.1',
      port: 8000,
      path: undefined,
      send: 'auto',
    });
    expect(parse('ws://0.0.0.0:80/')).toMatchObject({ port: 80, path: undefined });
    expect(parse('ws://[::1]:0/chat?send=binary')).toEqual({
      kind: 'ws',
      host: '::1',
      port: 0,
      path: '/chat',
      send: 'binary',
    });
    expect(parse('tcp://127.0.0.1:8001?frame=newline')).toEqual({
      kind: 'tcp',
      host: '127.0.0.1',
      port: 8001,
      frame: 'newline',
    });
    expect(parse('tcp://0.0.0.0:1/')).toMatchObject({ kind: 'tcp', host: '0.0.0.0', frame: 'raw' });
    expect(parse('TCP://localhost:1?frame=length')).toMatchObject({ host: 'localhost', frame: 'length' });
    expect(parse('ws://127.0.0.1:1/?send=text&slow=keepLatest')).toMatchObject({
      send: 'text',
      slow: 'keepLatest',
    });
    expect(parse('tcp://127.0.0.1:1?slow=dropNewest')).toMatchObject({ frame: 'raw', slow: 'dropNewest' });
  });

  const refused: readonly (readonly [string, string])[] = [
    ['8000', 'which is no URL'],
    ['', 'which is no URL'],
    ['tcp://127.0.0.1:70000', 'which is no URL'],
    ['http://127.0.0.1:8000', 'and "http" is no kind of listener'],
    ['wss://127.0.0.1:8000', 'and "wss" is no kind of listener'],
    ['ws://127.0.0.1', 'without a port (0 takes a free one)'],
    ['ws://[::1]', 'without a port (0 takes a free one)'],
    ['ws://127.0.0.1/a:80', 'without a port (0 takes a free one)'],
    ['tcp://127.0.0.1?frame=raw', 'without a port (0 takes a free one)'],
    ['ws://127.0.0.1:1?sent=text', 'and "sent" is not known. Did you mean "send"?'],
    ['ws://127.0.0.1:1?frame=raw', 'and "frame" is not known. Did you mean "send"?'],
    ['tcp://127.0.0.1:1?farme=raw', 'and "farme" is not known. Did you mean "frame"?'],
    ['ws://127.0.0.1:1?send=json', 'and send must be auto, text, binary'],
    ['tcp://127.0.0.1:1?frame=', 'and frame must be raw, newline, length'],
    ['ws://127.0.0.1:1?slow=drop', 'and slow must be close, dropNewest, dropOldest, keepLatest'],
    ['tcp://127.0.0.1:1?slow=', 'and slow must be close, dropNewest, dropOldest, keepLatest'],
    ['tcp://127.0.0.1:1/chat', 'and raw TCP has no path such as "/chat"'],
    ['ws://me:pw@127.0.0.1:1', 'and a listener has no user or password'],
    ['ws://127.0.0.1:1/#top', 'and a listener has no "#top"'],
  ];
  for (const [text, problem] of refused) {
    it(`"${text}" is refused, ${problem}`, () => {
      expect(() => parse(text)).toThrow(InvalidOptionError);
      expect(() => parse(text)).toThrow(
        `Option "gateway.listen" has "${text}", ${problem}. Write for example ws://127.0.0.1:8000 or tcp://127.0.0.1:8001?frame=newline.`,
      );
    });
  }
});
