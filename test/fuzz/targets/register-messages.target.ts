import { readRegisterMessage, writeRegisterMessage, type RegisterMessage } from '#protocol';
import { messageTarget } from '../message-target.js';
import { goldenPayloads } from '../seeds.js';

/** What nodes and the register tell each other. */
export const registerMessages = messageTarget<RegisterMessage>({
  name: 'register-messages',
  parsers: ['readRegisterMessage'],
  seeds: goldenPayloads('register'),
  read: readRegisterMessage,
  write: writeRegisterMessage,
  isExact: true,
});
