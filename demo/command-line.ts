import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const REPOSITORY = join(import.meta.dirname, "..");

/** What this version has; later ones bring more. */
const BROKERS: readonly string[] = ["memory", "sqlite:FILE", "redis://HOST:PORT"];
const WORKERS: readonly WorkersChoice[] = ["async", "threads"];

const SQLITE = /^sqlite:(?=.)/;

/** What runs the jobs. */
export type WorkersChoice = "async" | "threads";

/** How the demo is called. */
export function usage(): string {
  return `Usage: npm run demo -- [folder] [options]

Schedules one job for each file in a folder and below (default: this repository). Each job reads its
file and computes its size, lines and SHA-256: in up to 256 coroutines, or on as many threads as there are
CPUs, whose speed is then compared with that of one.

Options:
  --broker <kind>   where jobs wait; in this version: ${BROKERS.join(", ")} (default: ${BROKERS[0]})
  --workers <kind>  what runs them; in this version: ${WORKERS.join(", ")} (default: ${WORKERS[0]})
  --help            print this and exit

Demos that are started on one SQLite file share the work: each reports what it has done, and ends when no
job is left. What one that was killed had begun, the others do.

Exit code: 0; 1 if a file or a folder could not be read; 2 if the command line is wrong or the broker
cannot be used; 130 after ^C, 143 after SIGTERM.
`;
}

/** The command line asks for something that cannot be done; the message says what and the remedy. */
export class UsageError extends Error {}

/** What a valid command line asks for: help, or a folder to work on. */
export type Request =
  | { readonly kind: "help" }
  | {
      readonly kind: "run";
      readonly folder: string;
      readonly broker: ChosenBroker;
      readonly workers: WorkersChoice;
    };

/** Where jobs wait. */
export type ChosenBroker =
  | { readonly kind: "memory" }
  | { readonly kind: "sqlite"; readonly path: string }
  | { readonly kind: "redis"; readonly url: string };

/** @throws UsageError */
export async function parseCommandLine(args: readonly string[]): Promise<Request> {
  const { values, positionals } = parse(args);
  if (values.help === true) return { kind: "help" };
  const broker = chosenBroker(values.broker);
  const workers = WORKERS.find((kind) => kind === values.workers);
  if (workers === undefined) return refuseUnknownKind("--workers", values.workers, WORKERS);
  const [folder, ...others] = positionals;
  if (others.length > 0) {
    throw new UsageError(`one folder at most, got ${positionals.length}: ${positionals.join(" ")}`);
  }
  const checked = folder === undefined ? REPOSITORY : await checkedFolder(folder);
  return { kind: "run", folder: checked, broker, workers };
}

function chosenBroker(given: string): ChosenBroker {
  if (/^rediss?:\/\/./.test(given)) return { kind: "redis", url: given };
  if (SQLITE.test(given)) {
    return { kind: "sqlite", path: resolve(callersFolder(), given.replace(SQLITE, "")) };
  }
  if (given === "memory") return { kind: "memory" };
  return refuseUnknownKind("--broker", given, BROKERS);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        broker: { type: "string", default: "memory" },
        workers: { type: "string", default: "async" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    // The sentences after the first explain positionals that look like options.
    const [problem] = (error as Error).message.split(/\. |\.?\n/);
    throw new UsageError(`${problem}: see npm run demo -- --help`, { cause: error });
  }
}

function refuseUnknownKind(option: string, kind: string, known: readonly string[]): never {
  // A URL may carry a password, which must not end up in a log.
  const shown = kind.replace(/\/\/.*@/, "//***@");
  throw new UsageError(
    `${option}: this version has no "${shown}", it has ${known.join(", ")}: ` +
      `use ${option} ${known[0]}, or leave it out`,
  );
}

async function checkedFolder(given: string): Promise<string> {
  const folder = given === "" ? given : resolve(callersFolder(), given);
  try {
    if ((await stat(folder)).isDirectory()) return folder;
  } catch (error) {
    const { code = "error" } = error as NodeJS.ErrnoException;
    const problem = code === "ENOENT" ? "does not exist" : `cannot be read (${code})`;
    throw new UsageError(`folder "${given}" ${problem}: give an existing folder`, { cause: error });
  }
  throw new UsageError(`"${given}" is a file, not a folder: give the folder that holds it`);
}

/** npm starts a script in the package's folder, and tells where the caller was. */
function callersFolder(): string {
  const { npm_lifecycle_event: script, INIT_CWD: callers } = process.env;
  return script === "demo" && callers !== undefined ? callers : process.cwd();
}
