/**
 * Refuses arguments that would not arrive as they were sent: what JSON cannot write, and what it would
 * silently drop or change.
 */
import { InvalidJobArgumentsError } from "./errors.ts";
import { isPlainArray, isPlainObject } from "./is-plain-object.ts";
import { isKwargs } from "./kwargs.ts";

/** Deepest nesting of an argument: Redis's cjson and Python's json both give up near 1,000. */
const MAX_DEPTH = 500;

export interface JsonProblem {
  /** Steps from the argument to the value, for example `[1]`, `.when`. */
  readonly path: string[];
  readonly reason: string;
}

/** Arguments of one call, apart from each other. */
export interface JobArguments {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** Of most jobs: nothing to check. */
const NO_KWARGS: Readonly<Record<string, unknown>> = Object.freeze({});

/** Takes a final `kwargs({...})` off the arguments of a call. */
export function splitKwargs(callArgs: readonly unknown[]): JobArguments {
  const last = callArgs.at(-1);
  if (!isKwargs(last)) return { args: callArgs, kwargs: NO_KWARGS };
  const kwargs: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(last.values));
  return { args: callArgs.slice(0, -1), kwargs };
}

/** @throws InvalidJobArgumentsError naming the first value that JSON cannot carry unchanged */
export function refuseUncarriable(taskName: string, { args, kwargs }: JobArguments): void {
  refuseProblem(taskName, "args", findProblemInCall(args));
  if (kwargs !== NO_KWARGS) refuseProblem(taskName, "kwargs", findJsonProblem(kwargs));
}

/** The first part of a value that JSON cannot carry unchanged. */
export function findJsonProblem(value: unknown): JsonProblem | undefined {
  return findProblem(value, []);
}

function refuseProblem(taskName: string, root: string, problem: JsonProblem | undefined): void {
  if (problem === undefined) return;
  throw new InvalidJobArgumentsError(taskName, root + problem.path.join(""), problem.reason);
}

function findProblem(value: unknown, ancestors: object[]): JsonProblem | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : notCarried(`${value}, which JSON writes as null`);
    case "bigint":
      return notCarried(`the BigInt ${value}n, which JSON cannot carry: pass a string or a number`);
    case "object":
      return value === null ? undefined : findProblemInObject(value, ancestors);
    case "undefined":
      return notCarried("undefined, which JSON would drop: leave it out, or pass null");
    case "function":
      return notCarried("a function, which JSON would drop: pass data, or the name of a task");
    case "symbol":
      return notCarried("a symbol, which JSON would drop: pass a string");
    default:
      return notCarried(`a ${typeof value}, which JSON cannot carry`);
  }
}

function findProblemInObject(value: object, ancestors: object[]): JsonProblem | undefined {
  if (ancestors.includes(value)) return notCarried("a cycle, which JSON cannot carry");
  if (ancestors.length >= MAX_DEPTH) return notCarried(`nested deeper than ${MAX_DEPTH} levels`);
  ancestors.push(value);
  const problem = Array.isArray(value)
    ? findProblemInArray(value, ancestors)
    : findProblemInMembers(value, ancestors);
  ancestors.pop();
  return problem ?? findToJson(value);
}

/** The arguments of a call are a plain array without named members: the language makes it. */
function findProblemInCall(args: readonly unknown[]): JsonProblem | undefined {
  return findProblemInItems(args, [args]) ?? findToJson(args);
}

function findProblemInArray(
  values: readonly unknown[],
  ancestors: object[],
): JsonProblem | undefined {
  if (!isPlainArray(values)) return notCarried(describeInstance(values));
  const problem = findProblemInItems(values, ancestors);
  if (problem !== undefined) return problem;
  const named = Object.keys(values).length > values.length;
  return named ? notCarried("an array with named members, which JSON would drop") : undefined;
}

function findProblemInItems(
  values: readonly unknown[],
  ancestors: object[],
): JsonProblem | undefined {
  // By index, not by iterator: a hole in the array is `undefined` too.
  for (let index = 0; index < values.length; index += 1) {
    const problem = findProblem(values[index], ancestors);
    if (problem !== undefined) return below(`[${index}]`, problem);
  }
  return undefined;
}

function findProblemInMembers(value: object, ancestors: object[]): JsonProblem | undefined {
  if (!isPlainObject(value)) return notCarried(describeInstance(value));
  if (Object.getOwnPropertySymbols(value).length > 0) {
    return notCarried("an object with symbol keys, which JSON would drop: use strings");
  }
  for (const [key, member] of Object.entries(value)) {
    const problem = findProblem(member, ancestors);
    if (problem !== undefined) return below(`.${key}`, problem);
  }
  return undefined;
}

function findToJson(value: object): JsonProblem | undefined {
  if (!("toJSON" in value) || typeof value.toJSON !== "function") return undefined;
  return notCarried("an object with toJSON(), which would arrive as what that returns: pass that");
}

function describeInstance(value: object): string {
  if (isKwargs(value)) {
    return "kwargs(), which a call takes once, as its last argument: put all keywords into that one";
  }
  const name = value.constructor?.name || "a class";
  const remedy =
    value instanceof Date
      ? "pass date.toISOString() or date.getTime()"
      : "pass its data as plain objects, arrays, strings and numbers";
  return `an instance of ${name}, which would not arrive as one: ${remedy}`;
}

function notCarried(reason: string): JsonProblem {
  return { path: [], reason };
}

function below(step: string, problem: JsonProblem): JsonProblem {
  problem.path.unshift(step);
  return problem;
}
