import { InvalidQueueValueError } from "../core/errors.ts";
import { JsonCarrier, jsonText } from "../core/json-carrier.ts";
import { KIND_BYTES, KIND_JSON } from "./queuey-layout.ts";

/** A value on its way into a queue. */
export interface Encoded {
  readonly kind: typeof KIND_JSON | typeof KIND_BYTES;
  readonly byteLength: number;
  /** A text goes to its slot as UTF-8, without a copy in between; one larger than a slot is bytes. */
  readonly data: string | Uint8Array;
}

/** @throws InvalidQueueValueError if it is neither JSON nor bytes */
export function encodeValue(value: unknown, slotBytes: number): Encoded {
  if (value instanceof Uint8Array) {
    return { kind: KIND_BYTES, byteLength: value.byteLength, data: value };
  }
  const carrier = new JsonCarrier();
  const carried = carrier.carry(value);
  const { problem, hasNegativeZero } = carrier;
  if (problem !== undefined) {
    throw new InvalidQueueValueError(`value${problem.path.join("")}`, problem.reason);
  }
  const text = jsonText(carried, hasNegativeZero);
  const byteLength = Buffer.byteLength(text);
  return { kind: KIND_JSON, byteLength, data: byteLength > slotBytes ? Buffer.from(text) : text };
}
