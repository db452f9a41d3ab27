import { BrokerError } from "../../core/errors.ts";
import { printable } from "../../core/printable.ts";
import type { Awaited } from "../../platform/deadlines.ts";

/** A reply that did not come in time. */
export class LateError extends Error {}

/** Whether a call failed because it was late: a smaller one may not be. */
export function wasLate(error: unknown): boolean {
  return error instanceof BrokerError && error.cause instanceof LateError;
}

/** Most ids of jobs in one message. */
const MAX_IDS = 10;

/** A call, and what it carries. */
export interface CarryingCall extends Awaited {
  /** Ids of the jobs that it sends or settles; asked only where it is late again. */
  readonly jobIds?: (() => readonly string[]) | undefined;
}

/** Counts calls that are late one after the other: once may be the line, and twice the same is told with what to do. */
export class LateCalls {
  readonly #timesByName = new Map<string, number>();

  /** To be called for each reply: its kind of call works. */
  answered({ name }: Awaited): void {
    if (this.#timesByName.size > 0) this.#timesByName.delete(name);
  }

  /** What to tell of a call that was late. */
  late(call: CarryingCall, error: LateError): LateError {
    const times = (this.#timesByName.get(call.name) ?? 0) + 1;
    this.#timesByName.set(call.name, times);
    if (times === 1) return error;
    return new LateError(
      `${error.message}, ${times} times one after the other: it sends ${call.sentBytes ?? 0} bytes${load(call)}; ` +
        "if the line is that slow, or the server that busy, raise callTimeout of RedisBroker",
    );
  }
}

function load({ jobIds, expectedBytes = 0 }: CarryingCall): string {
  const ids = jobIds?.() ?? [];
  const brings = expectedBytes > 0 ? `, asks for ${expectedBytes}` : "";
  if (ids.length === 0) return brings;
  const rest = ids.length > MAX_IDS ? ` and ${ids.length - MAX_IDS} more` : "";
  return `${brings}, for the jobs ${ids.slice(0, MAX_IDS).map(printable).join(", ")}${rest}`;
}
