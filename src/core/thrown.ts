/**
 * What may be done with a value that a user's code has thrown: it can be anything, and each look at it may run code
 * that throws. None of these throws.
 */
import { AbortError, RetryError } from "./errors.ts";

/** Longest chain of causes that is followed: enough for people, and an end for circles. */
const MAX_CAUSES = 8;

/** What a task asks for by what it throws. */
export type Verdict =
  | { readonly kind: "abort" }
  /** `at`: the time of the next run, in ms since the epoch; `undefined` for the usual backoff. */
  | { readonly kind: "retry"; readonly at: number | undefined };

/**
 * What a thrown value asks for, `undefined` if it does not say. A RetryError speaks for itself; an AbortError does from
 * inside other errors too: who wraps it adds where it came from, and takes nothing back.
 */
export function verdictOf(thrown: unknown): Verdict | undefined {
  try {
    if (thrown instanceof RetryError) return { kind: "retry", at: timeOf(thrown.at) };
    let error = thrown;
    for (let depth = 0; depth <= MAX_CAUSES; depth += 1) {
      if (error instanceof AbortError) return { kind: "abort" };
      if (!(error instanceof Error)) return undefined;
      error = error.cause;
    }
    return undefined;
  } catch {
    // A revoked proxy, a getter that throws: whatever it is, it asks for nothing.
    return undefined;
  }
}

/** Its message, or what else says what it is. */
export function describeThrown(thrown: unknown): string {
  try {
    const text: unknown = thrown instanceof Error ? thrown.message || thrown.name : thrown;
    return String(text);
  } catch {
    return "a value that cannot be shown";
  }
}

/** A user may have changed it since the constructor has checked it. */
function timeOf(at: unknown): number | undefined {
  const atMs = at instanceof Date ? at.getTime() : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}
