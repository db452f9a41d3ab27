/**
 * The hybrid queue: blocking code and async code share it, across threads.
 *
 * @module
 */
export {
  BlockingNotAllowedError,
  InvalidQueueValueError,
  ItemNotTakenError,
  QueueClosedError,
  QueueTimeoutError,
  QueueValueTooLargeError,
} from "./core/errors.ts";
export { Queuey, type TakenItem } from "./queue/queuey.ts";
export type { QueueyHandle } from "./queue/queuey-handle.ts";
export type { AsyncOptions, QueueyOptions, SyncOptions } from "./queue/queuey-options.ts";
