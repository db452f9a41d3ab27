import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { mustRun } from "./run-command.ts";

/** Temporary packages that stand for those of users: one with spinach in it, or one with a Node. */

export const ROOT: string = join(import.meta.dirname, "..");

const INSTALL = [
  "install",
  "--no-save",
  "--no-package-lock",
  "--no-audit",
  "--no-fund",
  "--loglevel=error",
];
const PACKAGE = '{ "private": true, "type": "module", "allowScripts": { "node": true } }\n';
const TYPES = [
  "--noEmit",
  "--allowImportingTsExtensions",
  "--ignoreConfig",
  "--strict",
  "--module",
  "nodenext",
  "--target",
  "es2024",
  "--lib",
  "es2024",
  "--types",
  "node",
  "--typeRoots",
  join(ROOT, "node_modules/@types"),
];

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;

/** The entry points as users write them: `spinach`, `spinach/testing`. */
const entries = Object.keys(manifest.exports).map((path) => path.replace(/^\./, "spinach"));

async function install(
  failure: string,
  folder: string,
  packages: readonly string[],
): Promise<void> {
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), PACKAGE);
  await mustRun(failure, "npm", [...INSTALL, ...packages], { cwd: folder });
}

/** Installs a Node from npm in a new folder, and returns its program. */
export async function installNode(folder: string, version: string): Promise<string> {
  await install(`Node ${version} does not install from npm:`, folder, [`node@${version}`]);
  return join(folder, "node_modules/node/bin/node");
}

/** Installs the packed package in a new folder with its optional peers and {@link PROGRAMS}. */
export async function installPackage(
  folder: string,
  tarball: string,
  examples: readonly string[],
): Promise<void> {
  const peers = Object.entries(manifest.peerDependencies ?? {}).map(
    ([name, range]) => `${name}@${range}`,
  );
  await install("The package does not install:", folder, [tarball, ...peers]);
  for (const example of examples) cpSync(join(ROOT, example), join(folder, basename(example)));
  cpSync(join(ROOT, "examples/tasks"), join(folder, "tasks"), { recursive: true });
  writeFileSync(join(folder, "threads.mjs"), THREADS);
  writeFileSync(
    join(folder, "import.mjs"),
    loadAll((name) => `await import("${name}")`),
  );
  writeFileSync(
    join(folder, "require.cjs"),
    loadAll((name) => `require("${name}")`),
  );
  writeFileSync(
    join(folder, "types.ts"),
    entries.map((name, index) => `export * as entry${index} from "${name}";\n`).join(""),
  );
}

/** What {@link installPackage} makes besides the examples, to be run there. */
export const PROGRAMS: readonly string[] = ["threads.mjs", "import.mjs", "require.cjs"];

/** Both kinds of threads, from JavaScript: the examples show them from TypeScript. */
const THREADS = `import { isMainThread, threadId } from "node:worker_threads";
import { AsyncWorkers, Engine, MemoryBroker, Tasks, ThreadWorkers } from "spinach";

export const tasks = new Tasks({ module: import.meta.url });
const where = tasks.task("where", (mainThreadId) => {
  if (threadId === mainThreadId) throw new Error("it ran in the main thread");
});

if (isMainThread) {
  for (const workers of [new ThreadWorkers({ number: 2 }), new AsyncWorkers({ number: 2, threads: 1 })]) {
    const spin = new Engine(new MemoryBroker());
    spin.attachTasks(tasks);
    let finished = 0;
    spin.on("jobFinished", ({ err }) => {
      if (err) throw err;
      finished += 1;
    });
    for (let job = 0; job < 10; job += 1) await spin.schedule(where, threadId);
    await spin.run({ workers, stopWhenQueueEmpty: true });
    if (finished !== 10) throw new Error(finished + " of 10 jobs have run");
  }
}
`;

function loadAll(load: (name: string) => string): string {
  const list = entries.map((name) => `["${name}", ${load(name)}]`).join(", ");
  return `for (const [name, entry] of [${list}])
  if (Object.keys(entry).length === 0) throw new Error(name + " exports nothing");\n`;
}

/** Compiles against the packed types, which must not miss what `stripInternal` took away. */
export async function checkTypes(folder: string, examples: readonly string[]): Promise<void> {
  const failure = "The packed types do not compile; does a public type name an @internal one?";
  await mustRun(failure, "tsc", [...TYPES, ...examples.map((path) => basename(path)), "types.ts"], {
    cwd: folder,
  });
}
