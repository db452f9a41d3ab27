import { BrokerError } from "../../core/errors.ts";

/** A reply that must be an array of texts. */
export function textArray(reply: unknown): readonly string[] {
  return array(reply).map(text);
}

/** A reply that must be an array. */
export function array(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply;
  throw new BrokerError(`Redis: expected an array as reply, got ${typeof reply}`);
}

/** A part of a reply that must be a text. */
export function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new BrokerError(`Redis: expected a text in a reply, got ${typeof value}`);
}

/** What a script says of the time until something is due, in ms; empty if nothing is. */
export function parseDue(due: string): number | undefined {
  return due === "" ? undefined : Number(due);
}
