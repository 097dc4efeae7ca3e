export * from './acknowledgement.js';
export * from './codes.js';
export * from './exchange.js';
export type { GatewayEntry } from './gateway-entry.js';
export * from './handshake.js';
export * from './marks.js';
export * from './register-messages.js';
export { sendToUid } from './send-to-uid.js';
export * from './take-events.js';
