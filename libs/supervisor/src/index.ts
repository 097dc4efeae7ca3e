export {
  NotPrimaryError,
  ProcessNotReadyError,
  ProcessStartError,
  ReloadError,
  SupervisorClosedError,
  type Exit,
} from './errors.js';
export { labelOf, type ProcessPlace } from './process-place.js';
export { SupervisedProcess } from './supervised-process.js';
export { Supervisor } from './supervisor.js';
export type { SupervisorLog } from './supervisor-log.js';
export {
  DEFAULT_SUPERVISOR_OPTIONS,
  type ProcessGroupOptions,
  type SupervisorOptions,
} from './supervisor-options.js';
