import { describe, expect, it } from 'vitest';
import { FakeTransport } from '../test/test-gateway.js';
import { Connection, CONNECTION_TRANSITIONS, type ConnectionState } from './connection.js';
import { ConnectionSlots } from './connection-slots.js';
import { Namespace } from './namespace.js';

const STATES = Object.keys(CONNECTION_TRANSITIONS) as ConnectionState[];
const WAY_TO: Readonly<Record<ConnectionState, readonly ConnectionState[]>> = {
  announced: [],
  open: ['open'],
  closing: ['open', 'closing'],
  closed: ['closed'],
};

function connectionIn(state: ConnectionState): Connection {
  const connection = new Connection(4097, new FakeTransport(), new Namespace('', new ConnectionSlots()));
  for (const step of WAY_TO[state]) connection.transition(step);
  return connection;
}

describe("a connection's state", () => {
  for (const from of STATES) {
    for (const to of STATES) {
      const isAllowed = CONNECTION_TRANSITIONS[from].includes(to);
      it(`${isAllowed ? 'goes' : 'refuses to go'} from ${from} to ${to}`, () => {
        const connection = connectionIn(from);
        if (isAllowed) {
          connection.transition(to);
          expect(connection.state).toBe(to);
        } else {
          expect(() => connection.transition(to)).toThrow(`Connection 4097 cannot go from ${from} to ${to}`);
          expect(connection.state).toBe(from);
        }
      });
    }
  }

  it('never comes back from closed', () => {
    expect(CONNECTION_TRANSITIONS.closed).toEqual([]);
  });

  it('is online until its end is decided', () => {
    expect(STATES.map((state) => [state, connectionIn(state).isOnline])).toEqual([
      ['announced', true],
      ['open', true],
      ['closing', false],
      ['closed', false],
    ]);
  });

  it('remembers that a worker was told of it, also when it is gone', () => {
    const told = connectionIn('closing');
    told.transition('closed');
    expect(told.wasOpen).toBe(true);
    expect(connectionIn('closed').wasOpen).toBe(false);
  });
});
