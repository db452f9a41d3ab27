import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

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
  example: string,
): Promise<void> {
  const peers = Object.entries(manifest.peerDependencies ?? {}).map(
    ([name, range]) => `${name}@${range}`,
  );
  await install("The package does not install:", folder, [tarball, ...peers]);
  writeFileSync(join(folder, "example.ts"), readFileSync(join(ROOT, example)));
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

/** What {@link installPackage} makes, to be run there. */
export const PROGRAMS: readonly string[] = ["example.ts", "import.mjs", "require.cjs"];

function loadAll(load: (name: string) => string): string {
  const list = entries.map((name) => `["${name}", ${load(name)}]`).join(", ");
  return `for (const [name, entry] of [${list}])
  if (Object.keys(entry).length === 0) throw new Error(name + " exports nothing");\n`;
}

/** Compiles against the packed types, which must not miss what `stripInternal` took away. */
export async function checkTypes(folder: string): Promise<void> {
  const failure = "The packed types do not compile; does a public type name an @internal one?";
  await mustRun(failure, "tsc", [...TYPES, "example.ts", "types.ts"], { cwd: folder });
}
