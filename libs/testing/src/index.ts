export {
  Checker,
  type CheckerCounts,
  type CheckerOptions,
  type Handling,
  type Moment,
} from './checker/checker.js';
export type { ExpectedEnd } from './checker/client-history.js';
export type { Listing } from './checker/membership-rules.js';
export { describeViolations, type HandlingKind, type Violation } from './checker/violation.js';
export { FakeClock } from './fake-clock.js';
export type { Direction, Directions } from './fault-directions.js';
export { FaultProxy, type DelayOptions, type FaultProxyOptions } from './fault-proxy.js';
export { SeededRandom } from './random.js';
export {
  createTestClient,
  type CreateTestClientOptions,
  type ServedTestClient,
} from './test-client/create-test-client.js';
export {
  createTestWorker,
  DEFAULT_TEST_WORKER_OPTIONS,
  type TestWorkerOptions,
} from './test-client/create-test-worker.js';
export {
  NoMessageError,
  NoReplyError,
  NoWorkerError,
  TestClientClosedError,
  TestReplyError,
  UnknownCommandError,
} from './test-client/errors.js';
export type { ClientEnd } from './test-client/memory-transport.js';
export type { NextOptions } from './test-client/received-messages.js';
export type { TestClient, TestClientOptions, TestSendOptions } from './test-client/test-client.js';
export type { TestWorker, Token } from './test-client/test-worker.js';
export type { ClusterGateway } from './cluster/cluster-gateway.js';
export type { ClusterRegister } from './cluster/cluster-register.js';
export type { ClusterWorker } from './cluster/cluster-worker.js';
export { ClusterTimeoutError } from './cluster/errors.js';
export { listingOf } from './cluster/listing-of.js';
export { TestCluster, type TestClusterOptions } from './cluster/test-cluster.js';
