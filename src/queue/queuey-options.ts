import { checkInteger, checkOptions } from "../core/option-checks.ts";
import { PAGE_BYTES, type QueueySizes } from "./queuey-layout.ts";

const MEBIBYTE = 1_048_576;
/** Most bytes of all values together: what one view of a buffer holds on every Node. */
const MOST_BYTES = 4096 * MEBIBYTE;

/** What a new Queuey is to be. */
export interface QueueyOptions {
  /** Most items that are put and not yet done, from 1 to 1,048,576. */
  readonly maxSize: number;
  /**
   * Bytes that each of these items has for its value, from 8 to 1,048,576, rounded up to a multiple of 8. A
   * larger value passes too, only more slowly.
   * @defaultValue 1024
   */
  readonly slotBytes?: number | undefined;
  /**
   * Most bytes of all values that are larger than a slot, from 0 to 4 GiB, rounded up to pages of 16 KiB.
   * Memory is taken as they need it, and kept.
   * @defaultValue 67_108_864 (64 MiB)
   */
  readonly maxBytes?: number | undefined;
}

const DEFAULTS = Object.freeze({ slotBytes: 1024, maxBytes: 64 * MEBIBYTE });

/**
 * @throws TypeError or RangeError if an option is not what it must be
 * @internal
 */
export function readOptions(options: QueueyOptions): QueueySizes {
  checkOptions("Queuey", options, ["maxSize", "slotBytes", "maxBytes"]);
  const { maxSize, slotBytes = DEFAULTS.slotBytes, maxBytes = DEFAULTS.maxBytes } = options;
  checkInteger("Queuey: maxSize", maxSize, { min: 1, max: MEBIBYTE });
  checkInteger("Queuey: slotBytes", slotBytes, { min: 8, max: MEBIBYTE, unit: "bytes" });
  checkInteger("Queuey: maxBytes", maxBytes, { min: 0, max: MOST_BYTES, unit: "bytes" });
  const sizes = {
    maxSize,
    slotBytes: Math.ceil(slotBytes / 8) * 8,
    maxPages: Math.ceil(maxBytes / PAGE_BYTES),
  };
  const bytes = sizes.maxSize * sizes.slotBytes + sizes.maxPages * PAGE_BYTES;
  if (bytes <= MOST_BYTES) return sizes;
  throw new RangeError(
    `Queuey: maxSize x slotBytes + maxBytes must be at most ${MOST_BYTES} bytes, got ${bytes}`,
  );
}

/** How long a call may block. */
export interface SyncOptions {
  /**
   * Longest wait in ms, from 0. At 0 it does not wait for an item or for room, only for threads that are
   * just then inside the queue, up to 10 ms.
   * @defaultValue Infinity
   */
  readonly timeout?: number | undefined;
}

/** How a call that waits can be given up. */
export interface AsyncOptions {
  /** When it aborts, the call rejects with its reason, and nothing was put or taken. */
  readonly signal?: AbortSignal | undefined;
}
