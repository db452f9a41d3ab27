import { globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { checkTypes, installNode, installPackage, PROGRAMS, ROOT } from "./package-consumer.ts";
import { main, mustRun, nodeWarnings, together } from "./run-command.ts";

/**
 * Checks the package as its users get it: packs it, lints the tarball and its types, installs it
 * in an empty folder, and there runs an example and loads every entry point on several Nodes.
 */

/** Run from copies outside this repository, so they need no server; with the modules of tasks that they load. */
const EXAMPLES = ["examples/quickstart.ts", "examples/cpu-bound.ts"];
/** Besides the Node that runs this script: the oldest of `engines`, and the newest of two lines. */
const OTHER_NODES = ["22.18.0", "22", "26"];
const BOUND_MS = 60_000;
/** Node 22 says so of node:sqlite, whoever imports it; later lines do not. */
const EXPECTED_WARNING = "SQLite is an experimental feature";

/** Packs into `folder`; npm runs `prepack` first, which builds dist/ anew. */
async function pack(folder: string): Promise<string> {
  const args = ["pack", "--silent", "--pack-destination", folder];
  await mustRun("npm pack failed:", "npm", args, { cwd: ROOT });
  const [tarball] = globSync("*.tgz", { cwd: folder });
  if (tarball === undefined) throw new Error("npm pack wrote no tarball.");
  return join(folder, tarball);
}

async function lintTarball(tarball: string): Promise<void> {
  const inRoot = { cwd: ROOT };
  await together([
    mustRun("publint: mend package.json:", "publint", [tarball, "--strict"], inRoot),
    mustRun("attw: mend exports or types:", "attw", [tarball, "--profile", "esm-only"], inRoot),
  ]);
}

/** Runs every program of the consumer; none may fail or make Node warn. */
async function runOn(node: string, consumer: string): Promise<void> {
  const { stdout } = await mustRun("Node does not start:", node, ["--version"]);
  const version = stdout.trim();
  for (const program of [...EXAMPLES.map((path) => basename(path)), ...PROGRAMS]) {
    const options = { cwd: consumer, timeoutMs: BOUND_MS };
    const { stderr } = await mustRun(
      `${program} fails on Node ${version}:`,
      node,
      [program],
      options,
    );
    const warning = nodeWarnings(stderr).find((line) => !line.includes(EXPECTED_WARNING));
    if (warning) throw new Error(`${program} makes Node ${version} warn: ${warning}`);
  }
  const examples = EXAMPLES.join(", ");
  console.log(
    `ok on Node ${version}: ${examples}, threads, every entry point imported and required`,
  );
}

async function check(folder: string): Promise<void> {
  const tarball = await pack(folder);
  const consumer = join(folder, "consumer");
  const nodes = together(
    OTHER_NODES.map((version) => installNode(join(folder, `node-${version}`), version)),
  );
  await together<unknown>([nodes, installPackage(consumer, tarball, EXAMPLES)]);
  await together([lintTarball(tarball), checkTypes(consumer, EXAMPLES)]);
  console.log("ok: publint, attw, the packed types");
  for (const node of [process.execPath, ...(await nodes)]) await runOn(node, consumer);
}

await main(async () => {
  const folder = mkdtempSync(join(tmpdir(), "spinach-package-"));
  try {
    await check(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
});
