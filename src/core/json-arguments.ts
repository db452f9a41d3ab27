/** Refuses arguments that would not arrive as they were sent, and makes plain data of the others. */
import { InvalidJobArgumentsError } from "./errors.ts";
import { isCarriedAsIs, JsonCarrier } from "./json-carrier.ts";
import { isKwargs } from "./kwargs.ts";

/** Arguments of one call, apart from each other. */
export interface JobArguments {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** Arguments as they are to be written: what was checked, in objects that nobody else has. */
export interface CarriedArguments extends JobArguments {
  /** Whether a number in them is -0, which `JSON.stringify` would write as 0. */
  readonly hasNegativeZero: boolean;
}

/** Of most jobs: nothing to check. */
const NO_KWARGS: Readonly<Record<string, unknown>> = Object.freeze({});

/**
 * The arguments of a call, a final `kwargs({...})` taken off.
 * @throws InvalidJobArgumentsError naming the first value that JSON cannot carry unchanged
 */
export function carryArguments(taskName: string, callArgs: readonly unknown[]): CarriedArguments {
  if (areSimple(callArgs)) return { args: callArgs, kwargs: NO_KWARGS, hasNegativeZero: false };
  const last = callArgs.at(-1);
  const named = isKwargs(last) ? last : undefined;
  const carrier = new JsonCarrier();
  const args = carrier.carryItems(named === undefined ? callArgs : callArgs.slice(0, -1));
  refuseProblem(taskName, "args", carrier);
  if (named === undefined) {
    return { args, kwargs: NO_KWARGS, hasNegativeZero: carrier.hasNegativeZero };
  }
  const keywords = new JsonCarrier();
  const kwargs = keywords.carryKeywords(named.values);
  refuseProblem(taskName, "kwargs", keywords);
  const hasNegativeZero = carrier.hasNegativeZero || keywords.hasNegativeZero;
  return { args, kwargs, hasNegativeZero };
}

function refuseProblem(taskName: string, root: string, { problem }: JsonCarrier): void {
  if (problem === undefined) return;
  throw new InvalidJobArgumentsError(taskName, root + problem.path.join(""), problem.reason);
}

/** Whether there is nothing to copy and nothing to refuse, as in most calls. The language has made the array. */
function areSimple(callArgs: readonly unknown[]): boolean {
  for (const value of callArgs) if (!isCarriedAsIs(value)) return false;
  return !("toJSON" in callArgs);
}
