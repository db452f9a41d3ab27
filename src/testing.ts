/**
 * What tests of programs and of brokers need: a runtime whose time and chance they own, and a broker
 * that fails when told to.
 *
 * @module
 */
export type {
  Broker,
  BrokerContext,
  Due,
  ExchangeReply,
  ExchangeRequest,
  ReconcileRequest,
  JobFailedByDeath,
  RescueReply,
  WakeUpListener,
} from "./brokers/broker.ts";
export type { StoredJob } from "./core/job.ts";
export { decodeJob, type JobChanges, rewriteJob } from "./core/job-codec.ts";
export type { Outcome, Result } from "./core/outcome.ts";
export type { RunnableTask, TaskDefinition } from "./core/task.ts";
export type { Clock, Runtime, Timer, Timers } from "./platform/runtime.ts";
export { brokerConformance } from "./testing/conformance/broker-conformance.ts";
export {
  type LocalQueueEnds,
  type LocalQueueKind,
  queueConformance,
} from "./testing/conformance/queue-conformance.ts";
export {
  type BrokerKind,
  JobMaker,
  type TestCluster,
  testTask,
} from "./testing/conformance/test-cluster.ts";
export type { FinishedJob, Workers, WorkersContext, WorkersSink } from "./workers/workers.ts";
export { type WorkersKind, type WorkersTime } from "./testing/conformance/workers-bench.ts";
export { workersConformance } from "./testing/conformance/workers-conformance.ts";
export { type BrokerCall, type Fault, FaultBroker } from "./testing/fault-broker.ts";
export { FakeRuntime, type FakeRuntimeOptions, settled } from "./testing/fake-runtime.ts";
export {
  simulate,
  SIMULATED_INVARIANTS,
  type SimulationOptions,
  type SimulationReport,
} from "./testing/simulation/simulate.ts";
export { type LogLine, RecordingLogger } from "./testing/recording-logger.ts";
export { type Random, seededIds, seededRandom } from "./testing/seeded-random.ts";
