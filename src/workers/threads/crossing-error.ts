/** How what a task throws gets from one thread to another: as plain data that `postMessage` carries. */
import * as spinachErrors from "../../core/errors.ts";
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

/** Most errors that one thrown value is made of. */
const MAX_ERRORS = 100;

/** What arrives of a value that has no text: it throws when it is asked for one. */
const UNSHOWN = "a value that cannot be shown";

/** Members of an error that have a place of their own. */
const OWN_PLACE: ReadonlySet<string> = new Set(["name", "message", "stack", "cause", "errors"]);

/** Never throws, whatever it is given; what it returns, `postMessage` carries. */
export function encodeThrown(thrown: unknown): Crossing {
  return encode(thrown, { depth: 0, left: { errors: MAX_ERRORS } });
}

/** How far an encoding may still go. */
interface Budget {
  readonly depth: number;
  /** Shared by all that belong to one thrown value: an AggregateError may hold itself a hundred times. */
  readonly left: { errors: number };
}

function encode(thrown: unknown, budget: Budget): Crossing {
  try {
    return thrown instanceof Error ? encodeError(thrown, budget) : encodeValue(thrown);
  } catch {
    // A revoked proxy, for example: even to ask for its class throws.
    return encodeValue(thrown);
  }
}

function encodeValue(value: unknown): Crossing {
  const carried = carry(value);
  return { kind: "value", value: carried === undefined ? text(value) : carried.value };
}

function encodeError(thrown: Error, { depth, left }: Budget): Crossing {
  const isDom = thrown instanceof DOMException;
  const ours = oursOf(thrown);
  const below = { depth: depth + 1, left };
  const cause = depth < MAX_DEPTH ? readMember(thrown, "cause") : undefined;
  const inner = depth < MAX_DEPTH ? readMember(thrown, "errors") : undefined;
  left.errors -= 1;
  return {
    kind: "error",
    name: text(readMember(thrown, "name")),
    message: text(readMember(thrown, "message")),
    stack: stackOf(thrown),
    isDom,
    fields: fieldsOf(thrown),
    ...(ours !== undefined && { ours }),
    ...(cause !== undefined && { cause: encode(cause, below) }),
    ...(Array.isArray(inner) && { errors: encodeAll(inner, below) }),
  };
}

function encodeAll(errors: readonly unknown[], budget: Budget): readonly Crossing[] {
  const encoded: Crossing[] = [];
  for (const error of errors.slice(0, MAX_ERRORS)) {
    if (budget.left.errors <= 0) break;
    encoded.push(encode(error, budget));
  }
  return encoded;
}

/** The thrown value again, an instance of the same class if that is Spinach's or the language's. */
export function decodeThrown(crossing: Crossing): unknown {
  if (crossing.kind === "value") return crossing.value;
  const { name, message, stack, fields, isDom } = crossing;
  const error = isDom ? new DOMException(message, name) : new Error(message);
  if (!isDom) Object.setPrototypeOf(error, prototypeOf(crossing));
  // Not by assignment: a class may have a getter of that name, and no setter.
  for (const [member, value] of Object.entries(fields)) define(error, member, value, true);
  if (error.name !== name) define(error, "name", name);
  define(error, "stack", stack);
  if (crossing.cause !== undefined) define(error, "cause", decodeThrown(crossing.cause));
  if (crossing.errors !== undefined) define(error, "errors", crossing.errors.map(decodeThrown));
  return error;
}

/** The names and prototypes of classes that both threads have. */
const SPINACH_PROTOTYPES: ReadonlyMap<string, object> = prototypesOf([
  ...Object.values(spinachErrors),
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

function define(error: Error, name: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, name, {
    value,
    enumerable,
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
    const carried = carry(readMember(error, name));
    if (carried !== undefined) fields[name] = carried.value;
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

/** What `postMessage` will carry of a value: a copy, since getters may answer otherwise the next time. */
function carry(value: unknown): { readonly value: unknown } | undefined {
  if (typeof value !== "object" || value === null) {
    return typeof value === "function" || typeof value === "symbol" ? undefined : { value };
  }
  try {
    return { value: structuredClone(value) };
  } catch {
    return undefined;
  }
}

function text(value: unknown): string {
  try {
    return String(value);
  } catch {
    return UNSHOWN;
  }
}
