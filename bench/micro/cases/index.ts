import type { MicroCase } from '../micro-case.js';
import { HANDLER_CASES } from './handler.cases.js';
import { PROTOCOL_CASES } from './protocol.cases.js';
import { RECEIVER_CASES } from './receiver.cases.js';
import { SESSION_CASES } from './session.cases.js';
import { TABLE_CASES } from './table.cases.js';

export const CASES: readonly MicroCase[] = [
  ...PROTOCOL_CASES,
  ...SESSION_CASES,
  ...RECEIVER_CASES,
  ...TABLE_CASES,
  ...HANDLER_CASES,
];
