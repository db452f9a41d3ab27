/** How long a package takes to import, and how large it is on disk. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import type { ContenderName } from "../lib/contenders.ts";
import { installed, packedBytes } from "../lib/package-size.ts";
import {
  type Case,
  fewIfQuick,
  type Figures,
  type Mode,
  type Run,
  sameLoads,
  type Scenario,
} from "../lib/scenario.ts";

const MIB = 2 ** 20;

interface Imported {
  /** What a user's program imports. */
  readonly modules: readonly string[];
  /** What a user installs. */
  readonly packages: readonly string[];
}

const IMPORTED = {
  spinach: { modules: ["spinach", "spinach/redis"], packages: ["@redis/client"] },
  "spinach-memory": { modules: ["spinach"], packages: [] },
  bullmq: { modules: ["bullmq"], packages: ["bullmq", "ioredis"] },
  "bee-queue": { modules: ["bee-queue"], packages: ["bee-queue"] },
  platformatic: {
    modules: ["@platformatic/job-queue", "iovalkey"],
    packages: ["@platformatic/job-queue"],
  },
  "graphile-worker": { modules: ["graphile-worker"], packages: ["graphile-worker"] },
  "pg-boss": { modules: ["pg-boss"], packages: ["pg-boss"] },
} as const satisfies Readonly<Partial<Record<ContenderName, Imported>>>;

function cases(mode: Mode): readonly Case[] {
  return [
    {
      id: "size",
      loads: fewIfQuick(mode, sameLoads(Object.keys(IMPORTED) as Array<keyof typeof IMPORTED>, {})),
      runs: mode === "full" ? 5 : 1,
      // So that the files are in the cache of the system.
      warmUp: mode === "full",
    },
  ];
}

async function measure({ contender }: Run): Promise<Figures> {
  const { modules, packages }: Imported = IMPORTED[contender as keyof typeof IMPORTED];
  const { packages: count, bytes } = installed(packages);
  const own = contender.startsWith("spinach") ? { count: 1, bytes: packedBytes() } : undefined;
  return {
    importMs: importMs(modules),
    packages: count + (own?.count ?? 0),
    mib: (bytes + (own?.bytes ?? 0)) / MIB,
  };
}

/** In a process that does nothing else. */
function importMs(modules: readonly string[]): number {
  const imports = modules.map((name) => `await import(${JSON.stringify(name)});`).join(" ");
  const program = `const start = performance.now(); ${imports} console.log(performance.now() - start);`;
  const args = ["--input-type=module", "--eval", program];
  const cwd = join(import.meta.dirname, "..");
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`importing ${modules.join(", ")} failed:\n${stderr}`);
  return Number(stdout);
}

export const scenario: Scenario = {
  cases,
  measure,
  chapter: {
    title: "Import time and installed size",
    text:
      "`import` in a process that does nothing else, files cached by the system; then the packages that an installation " +
      "without development dependencies brings, and the size of their files. Spinach as `npm pack` makes it, with `@redis/client`; " +
      "platformatic with its optional `iovalkey`, `pg` and `fast-write-atomic`, which npm installs unless told not to.",
    rivals: ["bullmq"],
    measures: [
      { id: ["size", "importMs"], title: "import", unit: "ms" },
      { id: ["size", "packages"], title: "packages", unit: "packages" },
      { id: ["size", "mib"], title: "on disk", unit: "MiB" },
    ],
  },
};
