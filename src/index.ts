/**
 * Spinach: a task queue whose jobs run as coroutines or on threads, over one broker interface.
 *
 * @module
 */
export type { Broker } from "./brokers/broker.ts";
export { MemoryBroker, type MemoryBrokerOptions } from "./brokers/memory/memory-broker.ts";
export { MemoryStore } from "./brokers/memory/memory-store.ts";
export { Batch } from "./core/batch.ts";
export {
  AbortError,
  BatchInterruptedError,
  BrokerError,
  EngineClosedError,
  InvalidJobArgumentsError,
  InvalidJobSignatureError,
  JobTimeoutError,
  LeaseLostError,
  MalformedJobError,
  RetryError,
  SpinachError,
  UnknownTaskError,
  WorkersStoppedError,
} from "./core/errors.ts";
export { TaskNotInThreadsError, ThreadDiedError, ThreadStartError } from "./core/thread-errors.ts";
export type { Job } from "./core/job.ts";
export { JobStatus } from "./core/job-status.ts";
export { kwargs, type Kwargs } from "./core/kwargs.ts";
export type { CallArgs, JobOptions, Task, TaskFunction, TaskOf, TaskOptions } from "./core/task.ts";
export { Tasks, type TasksOptions } from "./core/tasks.ts";
export { Engine, type EngineOptions } from "./engine/engine.ts";
export type { RunningWorkers, RunOptions, StartWorkersOptions } from "./engine/running-workers.ts";
export type { TransactionScheduler } from "./engine/transaction-scheduler.ts";
export type { Logger, LogMethod } from "./platform/logger.ts";
export type {
  EventName,
  JobEvent,
  Receiver,
  SpinachEvents,
  WorkerEvent,
} from "./signals/signals.ts";
export { AsyncWorkers, type AsyncWorkersOptions } from "./workers/async-workers.ts";
export { currentEngine, type CurrentEngine } from "./workers/current-engine.ts";
export { currentJob, type CurrentJob } from "./workers/current-job.ts";
export { ThreadWorkers, type ThreadWorkersOptions } from "./workers/threads/thread-workers.ts";
export type { StopOptions, Workers } from "./workers/workers.ts";
