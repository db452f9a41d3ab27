/** How what a task throws gets from one thread to another: as plain data that `postMessage` carries. */
import * as errors from "../../core/errors.ts";
import { SpinachError } from "../../core/errors.ts";
import * as threadErrors from "../../core/thread-errors.ts";

/** A thrown value on its way. */
export type Crossing =
  | {
      readonly kind: "error";
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly isDom: boolean;
      /**
       * The class of ours that it is, or that its own extends: such an AbortError aborts, whatever its name, and a
       * user's own RetryError is not taken for ours.
       */
      readonly ours?: string;
      readonly fields: Readonly<Record<string, unknown>>;
      readonly cause?: Crossing;
      readonly errors?: readonly Crossing[];
    }
  | { readonly kind: "value"; readonly value: unknown };

/** Deepest chain of causes: enough for people, and an end for circles. */
const MAX_DEPTH = 8;

/** Most errors of an AggregateError. */
const MAX_ERRORS = 100;

/** Members of an error that have a place of their own. */
const OWN_PLACE: ReadonlySet<string> = new Set(["name", "message", "stack", "cause", "errors"]);

/** Never throws, whatever it is given. */
export function encodeThrown(thrown: unknown, depth = 0): Crossing {
  if (!(thrown instanceof Error)) return { kind: "value", value: carriable(thrown) };
  const isDom = thrown instanceof DOMException;
  const ours = oursOf(thrown);
  const cause = readMember(thrown, "cause");
  const inner = readMember(thrown, "errors");
  const isDeep = depth >= MAX_DEPTH;
  return {
    kind: "error",
    name: text(readMember(thrown, "name")),
    message: text(readMember(thrown, "message")),
    stack: stackOf(thrown),
    isDom,
    fields: fieldsOf(thrown),
    ...(ours !== undefined && { ours }),
    ...(cause !== undefined && !isDeep && { cause: encodeThrown(cause, depth + 1) }),
    ...(Array.isArray(inner) &&
      !isDeep && { errors: inner.slice(0, MAX_ERRORS).map((one) => encodeThrown(one, depth + 1)) }),
  };
}

/** The thrown value again, an instance of the same class if that is Spinach's or the language's. */
export function decodeThrown(crossing: Crossing): unknown {
  if (crossing.kind === "value") return crossing.value;
  const { name, message, stack, fields, isDom } = crossing;
  const error = isDom ? new DOMException(message, name) : new Error(message);
  if (!isDom) Object.setPrototypeOf(error, prototypeOf(crossing));
  Object.assign(error, fields);
  if (error.name !== name) define(error, "name", name);
  define(error, "stack", stack);
  if (crossing.cause !== undefined) define(error, "cause", decodeThrown(crossing.cause));
  if (crossing.errors !== undefined) define(error, "errors", crossing.errors.map(decodeThrown));
  return error;
}

/** The names and prototypes of classes that both threads have. */
const SPINACH_PROTOTYPES: ReadonlyMap<string, object> = prototypesOf([
  ...Object.values(errors),
  ...Object.values(threadErrors),
]);
const LANGUAGE_PROTOTYPES: ReadonlyMap<string, object> = prototypesOf([
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  EvalError,
  URIError,
  AggregateError,
]);

function prototypesOf(exports: readonly unknown[]): ReadonlyMap<string, object> {
  const prototypes = new Map<string, object>();
  for (const one of exports) {
    if (typeof one !== "function") continue;
    const prototype: unknown = one.prototype;
    if (prototype instanceof Error) prototypes.set(prototype.name, prototype);
  }
  return prototypes;
}

function oursOf(error: Error): string | undefined {
  let prototype: unknown = error;
  while (prototype instanceof SpinachError) {
    prototype = Object.getPrototypeOf(prototype);
    for (const [name, known] of SPINACH_PROTOTYPES) if (known === prototype) return name;
  }
  return undefined;
}

function prototypeOf({ name, ours }: Crossing & { readonly kind: "error" }): object {
  const known = ours === undefined ? LANGUAGE_PROTOTYPES.get(name) : SPINACH_PROTOTYPES.get(ours);
  return known ?? Error.prototype;
}

function define(error: Error, name: string, value: unknown): void {
  Object.defineProperty(error, name, {
    value,
    enumerable: false,
    writable: true,
    configurable: true,
  });
}

/** The members that a class or its thrower added, as far as they can be carried; `code` wherever it stands. */
function fieldsOf(error: Error): Readonly<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  const names = new Set(Object.keys(error));
  const code = readMember(error, "code");
  if (typeof code === "string" && !(error instanceof DOMException)) names.add("code");
  for (const name of names) {
    if (OWN_PLACE.has(name)) continue;
    const value = readMember(error, name);
    if (isCarriable(value)) fields[name] = value;
  }
  return fields;
}

function stackOf(error: Error): string | undefined {
  const stack = readMember(error, "stack");
  return typeof stack === "string" ? stack : undefined;
}

/** A getter may throw. */
function readMember(error: Error, name: string): unknown {
  try {
    return Reflect.get(error, name);
  } catch {
    return undefined;
  }
}

function isCarriable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) {
    return typeof value !== "function" && typeof value !== "symbol";
  }
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function carriable(value: unknown): unknown {
  return isCarriable(value) ? value : text(value);
}

function text(value: unknown): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}
