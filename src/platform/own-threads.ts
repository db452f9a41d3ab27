import { env, execArgv } from "node:process";
import type { WorkerOptions } from "node:worker_threads";

/**
 * Flags of Node that a thread may have, and that decide how a thread finds modules and reaches servers. All else is the application's: its preloads
 * (`--import`, `--require`, loaders) would run once more in each thread, and `--input-type` refuses a file.
 */
export const KEPT: ReadonlySet<string> = new Set([
  "--conditions",
  "-C",
  "--disable-warning",
  "--dns-result-order",
  "--network-family-autoselection",
  "--network-family-autoselection-attempt-timeout",
  "--no-network-family-autoselection",
  "--no-warnings",
  "--preserve-symlinks",
  "--tls-max-v1.2",
  "--tls-max-v1.3",
  "--tls-min-v1.0",
  "--tls-min-v1.1",
  "--tls-min-v1.2",
  "--tls-min-v1.3",
  "--use-system-ca",
]);

/** Those of them whose value may be the next argument. */
const WITH_VALUE: ReadonlySet<string> = new Set([
  "--conditions",
  "-C",
  "--disable-warning",
  "--dns-result-order",
  "--network-family-autoselection-attempt-timeout",
]);

/** By these Yarn's Plug'n'Play finds packages: the files themselves are `.pnp.cjs` and `.pnp.loader.mjs`. */
const PRELOADS: ReadonlySet<string> = new Set([
  "--require",
  "-r",
  "--import",
  "--loader",
  "--experimental-loader",
]);

/** With what a thread starts that runs nothing but our own code: none of what the application had Node load first. */
export function ownThread(): Pick<WorkerOptions, "execArgv" | "env"> {
  const { NODE_OPTIONS = "", ...rest } = env;
  const ofEnvironment = NODE_OPTIONS.split(/\s+/v).filter((part) => part !== "");
  return {
    execArgv: keptFlags([...ofEnvironment, ...execArgv]),
    env: { ...rest, NODE_OPTIONS: "" },
  };
}

/**
 * For a thread that loads the application's modules, which may need its preloads: only what would refuse any file is
 * left out. Flags are inherited as they are otherwise.
 */
export function applicationThread(): Pick<WorkerOptions, "execArgv"> {
  if (!execArgv.some((flag) => flag.startsWith("--input-type"))) return {};
  return { execArgv: [...keptFlags(execArgv), ...pairs(execArgv, isPreload).flat()] };
}

/** Of the arguments of Node, those that our own threads keep. */
export function keptFlags(args: readonly string[]): string[] {
  return pairs(args, (flag, value) => KEPT.has(flag) || (isPreload(flag) && isPnp(value))).flat();
}

function isPreload(flag: string): boolean {
  return PRELOADS.has(flag);
}

function isPnp(value: string): boolean {
  return /(?:^|[\/\\])\.pnp\.[a-z.]+$/v.test(value);
}

/** The flags that are chosen, each with its value. */
function pairs(
  args: readonly string[],
  isChosen: (flag: string, value: string) => boolean,
): string[][] {
  const chosen: string[][] = [];
  for (const [index, arg] of args.entries()) {
    const equals = arg.indexOf("=");
    const flag = equals < 0 ? arg : arg.slice(0, equals);
    const next = equals < 0 && takesValue(flag) ? args[index + 1] : undefined;
    const value = next ?? (equals < 0 ? "" : arg.slice(equals + 1));
    if (isChosen(flag, value)) chosen.push(next === undefined ? [arg] : [arg, next]);
  }
  return chosen;
}

function takesValue(flag: string): boolean {
  return WITH_VALUE.has(flag) || isPreload(flag);
}
