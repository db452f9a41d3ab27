import { describe } from "../core/option-checks.ts";
import {
  ENTRIES_START,
  ENTRY_WORDS,
  LAYOUT_VERSION,
  MAGIC,
  PAGE_BYTES,
  type QueueyMemory,
  viewMemory,
  WORD,
  wordAt,
} from "./queuey-layout.ts";

/**
 * What goes to another thread, in `workerData` or by `postMessage`, for `Queuey.attach` there. A plain
 * object; structured cloning shares its buffers.
 */
export interface QueueyHandle {
  /** Tells it from other objects. */
  readonly kind: "spinach.queuey";
  /** Of the layout of the buffers. */
  readonly version: number;
  readonly control: SharedArrayBuffer;
  readonly payload: SharedArrayBuffer;
}

/** @internal */
export function makeHandle({ control, bytes }: QueueyMemory): QueueyHandle {
  return {
    kind: "spinach.queuey",
    version: LAYOUT_VERSION,
    control: control.buffer,
    payload: bytes.buffer,
  };
}

/**
 * The queue that a handle leads to.
 * @throws TypeError if it is no handle, one of another version, or one whose buffers are not whole
 * @internal
 */
export function openHandle(handle: unknown): QueueyMemory {
  const owner = "Queuey.attach";
  if (typeof handle !== "object" || handle === null || !("kind" in handle)) {
    throw new TypeError(`${owner}: the handle must be a queue.handle, got ${describe(handle)}`);
  }
  if (handle.kind !== "spinach.queuey") {
    throw new TypeError(
      `${owner}: the handle must be a queue.handle, got one of kind ${describe(handle.kind)}`,
    );
  }
  const version = "version" in handle ? handle.version : undefined;
  if (version !== LAYOUT_VERSION) refuseVersion(version);
  const buffer = sharedBuffer("control", "control" in handle ? handle.control : undefined);
  const payload = sharedBuffer("payload", "payload" in handle ? handle.payload : undefined);
  const control = new Int32Array(buffer, 0, Math.trunc(buffer.byteLength / 4));
  if (control[WORD.MAGIC] !== MAGIC) {
    throw new TypeError(`${owner}: handle.control does not hold a queue`);
  }
  if (control[WORD.VERSION] !== LAYOUT_VERSION) refuseVersion(control[WORD.VERSION]);
  checkSizes(control, payload);
  return viewMemory(control, payload);
}

function refuseVersion(version: unknown): never {
  throw new TypeError(
    `Queuey.attach: this is a handle of version ${describe(version)}, this spinach reads version ` +
      `${LAYOUT_VERSION}: load the same version of the package in all threads`,
  );
}

function sharedBuffer(name: string, buffer: unknown): SharedArrayBuffer {
  if (buffer instanceof SharedArrayBuffer) return buffer;
  const what =
    buffer instanceof ArrayBuffer && buffer.detached ? "a detached ArrayBuffer" : describe(buffer);
  throw new TypeError(
    `Queuey.attach: handle.${name} must be a SharedArrayBuffer, got ${what}: pass queue.handle as it is`,
  );
}

function checkSizes(control: Int32Array, payload: SharedArrayBuffer): void {
  const maxSize = wordAt(control, WORD.MAX_SIZE);
  const maxPages = wordAt(control, WORD.MAX_PAGES);
  const slotsLength = maxSize * wordAt(control, WORD.SLOT_BYTES);
  if (
    control.length === ENTRIES_START + maxSize * ENTRY_WORDS + maxPages &&
    payload.byteLength >= slotsLength &&
    payload.maxByteLength === slotsLength + maxPages * PAGE_BYTES
  ) {
    return;
  }
  throw new TypeError("Queuey.attach: the buffers of the handle do not belong together");
}
