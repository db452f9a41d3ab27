/**
 * What tests of programs and of brokers need: a runtime whose time and chance they own, and a broker
 * that fails when told to.
 *
 * @module
 */
export type { Clock, Runtime, Timer, Timers } from "./platform/runtime.ts";
export { type BrokerCall, type Fault, FaultBroker } from "./testing/fault-broker.ts";
export { FakeRuntime, type FakeRuntimeOptions, settled } from "./testing/fake-runtime.ts";
export { type LogLine, RecordingLogger } from "./testing/recording-logger.ts";
export { type Random, seededIds, seededRandom } from "./testing/seeded-random.ts";
