import { parseArgs } from "node:util";

import type { ChaosOptions } from "./chaos-run.ts";
import { STORES, WORKERS } from "./programs/child.ts";

const USAGE = `Usage: npm run chaos -- [options]

Real processes on a real store, and faults by chance; then the ledger is checked to the last job.

Options:
  --minutes <n>   how long faults happen (default: 3); healing and draining take up to two more
  --seed <n>      of the choices: which fault, when, on whom (default: by chance; the report tells it)
  --store <name>  ${STORES.join(", ")} (default: ${STORES[0]})
  --workers <name>  ${WORKERS.join(", ")} (default: ${WORKERS[0]})
  --rate <n>      jobs a second (default: 400; with threads 100)
  --lease <ms>    how long a process may be silent (default: 5000)
  --every <ms>    mean time from one fault to the next (default: 800)
  --only <texts>  only faults whose names have one of these in them, with commas between
  --without <texts>  none of those
  --keep          keep journals and logs, whatever comes of it
  --help          print this and exit

Exit code: 0; 1 if a promise was broken, with the history of the jobs that show it; 2 if the command line is
wrong.
`;

/** The command line asks for something that cannot be done. */
export class UsageError extends Error {}

/** @returns `undefined` if help is asked for
 * @throws UsageError */
export function parseCommandLine(args: readonly string[]): ChaosOptions | undefined {
  const values = parse(args);
  if (values.help === true) return undefined;
  const store = oneOf("--store", values.store, STORES);
  const workers = oneOf("--workers", values.workers, WORKERS);
  const defaultRate = workers === "threads" ? "100" : "400";
  return {
    store,
    workers,
    keep: values.keep,
    durationMs: number("--minutes", values.minutes, 0.05) * 60_000,
    seed: values.seed === undefined ? randomSeed() : number("--seed", values.seed, 0),
    rate: number("--rate", values.rate ?? defaultRate, 20),
    leaseMs: number("--lease", values.lease, 1000),
    everyMs: number("--every", values.every, 50),
    only: texts(values.only),
    without: texts(values.without),
  };
}

export function usage(): string {
  return USAGE;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        minutes: { type: "string", default: "3" },
        seed: { type: "string" },
        store: { type: "string", default: STORES[0] },
        workers: { type: "string", default: WORKERS[0] },
        rate: { type: "string" },
        lease: { type: "string", default: "5000" },
        every: { type: "string", default: "800" },
        only: { type: "string", default: "" },
        without: { type: "string", default: "" },
        keep: { type: "boolean", default: false },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    const [problem] = (error as Error).message.split(/\. /);
    throw new UsageError(`${problem}: see npm run chaos -- --help`, { cause: error });
  }
}

function oneOf<Name extends string>(option: string, given: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === given);
  if (found !== undefined) return found;
  throw new UsageError(`${option} must be ${names.join(" or ")}, got "${given}"`);
}

function texts(given: string): readonly string[] {
  return given.split(",").filter((text) => text !== "");
}

function randomSeed(): number {
  return Math.floor(Math.random() * 1_000_000);
}

function number(option: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  throw new UsageError(`${option} must be a number of at least ${least}, got "${text}"`);
}
