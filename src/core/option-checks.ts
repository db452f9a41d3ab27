/** Checks of option values, made once, where they enter. A check returns the value it let through. */

import { isPlainObject } from "./is-plain-object.ts";
import { isThenable } from "./is-thenable.ts";

/** Keys and messages of brokers are put together with them. */
const CONTROL_CHARACTER = /\p{Cc}/v;

/** What a number may be. Limits are inclusive, and both are due: what stands behind an option holds so much, no more. */
export interface NumberRule {
  readonly min: number;
  readonly max: number;
  /** For example `ms`; only for the message. */
  readonly unit?: string;
}

/**
 * @param name - the option with its owner, for example `Tasks: maxRetries`
 * @returns the number; 0 for -0
 * @throws TypeError if it is not a number
 * @throws RangeError if it is fractional, NaN or outside the rule
 */
export function checkInteger(name: string, value: unknown, rule: NumberRule): number {
  const { min, max, unit } = rule;
  const expected = `an integer${unit === undefined ? "" : ` of ${unit}`} of at least ${min}`;
  if (typeof value !== "number") {
    throw new TypeError(`${name} must be ${expected}, got ${describe(value)}`);
  }
  if (!Number.isInteger(value) || value < min) {
    throw new RangeError(`${name} must be ${expected}, got ${value}`);
  }
  if (value > max) throw new RangeError(`${name} must be at most ${max}, got ${value}`);
  return value === 0 ? 0 : value;
}

/** Of a wait that ends by itself before any timer: it is only compared with the clock. */
export const ANY_DURATION: NumberRule = Object.freeze({ min: 0, max: Number.MAX_SAFE_INTEGER });

/** Like {@link checkInteger}, but also lets `Infinity` through. */
export function checkDuration(name: string, value: unknown, rule: NumberRule): number {
  return value === Infinity ? Infinity : checkInteger(name, value, { ...rule, unit: "ms" });
}

/**
 * @param known - the names of the options that there are
 * @param hints - what to do instead, by names that are looked for here and are elsewhere
 * @throws TypeError if it is not a plain object, or names an option that there is not
 */
export function checkOptions(
  owner: string,
  options: unknown,
  known: readonly string[],
  hints: Readonly<Record<string, string>> = {},
): void {
  // What else is an object would be taken for one without options.
  if (typeof options !== "object" || options === null || !isPlainObject(options)) {
    throw new TypeError(`${owner}: options must be a plain object, got ${describe(options)}`);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const hint = Object.hasOwn(hints, unknown) ? `: ${hints[unknown]}` : "";
  throw new TypeError(`${owner}: there is no option "${unknown}", only ${known.join(", ")}${hint}`);
}

/**
 * @throws TypeError if it is not a string
 * @throws RangeError if it is empty
 */
export function checkName(name: string, value: unknown): string {
  if (typeof value !== "string") {
    throw new TypeError(`${name} must be a string, got ${describe(value)}`);
  }
  if (value === "") throw new RangeError(`${name} must not be empty`);
  if (CONTROL_CHARACTER.test(value)) {
    throw new RangeError(`${name} must not hold control characters, got ${JSON.stringify(value)}`);
  }
  // Stores keep UTF-8, and would give back another name.
  if (!value.isWellFormed()) {
    throw new RangeError(`${name} must not hold half a character, got ${JSON.stringify(value)}`);
  }
  return value;
}

/**
 * @throws TypeError if it is not a string
 * @throws RangeError if it is empty or starts with `_`
 */
export function checkQueue(name: string, value: unknown): string {
  const queue = checkName(name, value);
  if (queue.startsWith("_")) {
    throw new RangeError(`${name} must not start with "_", which Spinach keeps, got "${queue}"`);
  }
  return queue;
}

/**
 * @throws TypeError if it is not a Date
 * @throws RangeError if it is an invalid one
 */
export function checkDate(name: string, value: unknown): Date {
  if (!(value instanceof Date)) {
    throw new TypeError(`${name} must be a Date, got ${describe(value)}`);
  }
  if (Number.isNaN(value.getTime())) {
    throw new RangeError(`${name} must be a valid Date, got an invalid one`);
  }
  return value;
}

/** A hundred years, in ms: a date that far off is one everywhere. */
const MAX_DELAY_MS = 3_155_760_000_000;

/** @throws TypeError or RangeError if it is no delay in ms */
export function checkDelay(name: string, value: unknown): number {
  return checkInteger(name, value, { min: 0, max: MAX_DELAY_MS, unit: "ms" });
}

/**
 * An object made by one of our classes, or that can stand for one.
 *
 * @param rule - what it must be, as a sentence that the value got can follow
 * @param methods - what it must be able to do
 * @throws TypeError if it cannot
 */
export function checkMethods(rule: string, value: unknown, methods: readonly string[]): void {
  if (hasMethods(value, methods)) return;
  throw new TypeError(`${rule}, got ${describeWithout(value, methods)}`);
}

/** Whether it is an object that can do all of these. */
export function hasMethods(value: unknown, methods: readonly string[]): boolean {
  return typeof value === "object" && value !== null && missingMethod(value, methods) === undefined;
}

function missingMethod(value: object, methods: readonly string[]): string | undefined {
  return methods.find((method) => typeof Reflect.get(value, method) !== "function");
}

function describeWithout(value: unknown, methods: readonly string[]): string {
  if (typeof value === "object" && value !== null) {
    return `${describe(value)} without ${missingMethod(value, methods)}()`;
  }
  const isClass =
    typeof value === "function" && methods.length > 0 && hasMethods(value.prototype, methods);
  return isClass ? `the class ${value.name}: make one with new` : describe(value);
}

/** @throws TypeError if it is not a boolean */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError(`${name} must be true or false, got ${describe(value)}`);
}

/** @throws TypeError if it is not a function */
export function checkFunction<Fn>(name: string, value: Fn): asserts value is NonNullable<Fn> {
  if (typeof value !== "function") {
    throw new TypeError(`${name} must be a function, got ${describe(value)}`);
  }
}

/** A value in a message: short, on one line. Whatever it is: a proxy may throw when it is looked at. */
export function describe(value: unknown): string {
  try {
    return describeReadable(value);
  } catch {
    return `${typeof value === "function" ? "a function" : "an object"} that cannot be read`;
  }
}

function describeReadable(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (isThenable(value)) return "a promise: await it";
  if (typeof value === "object" && value !== null) {
    return Array.isArray(value)
      ? "an array"
      : `an object (${value.constructor?.name ?? "no class"})`;
  }
  if (typeof value === "function") return `a function (${value.name || "without a name"})`;
  return typeof value === "bigint" ? `${value}n` : String(value);
}
