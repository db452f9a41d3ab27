import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import { Look } from "../servers/look.ts";
import type { Addresses } from "../servers/servers.ts";
import type { Measure } from "./chapter.ts";
import { type ContenderName, entryOf } from "./contenders.ts";
import type { CaseResult } from "./measure-case.ts";
import type { Mode, ScenarioName } from "./scenario.ts";

const FOLDER = join(import.meta.dirname, "../results");

/** Where a scenario was measured: what it takes to measure it again, and nothing that names the machine. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly node: string;
  readonly servers: Readonly<Record<string, string>>;
  readonly packages: Readonly<Record<string, string>>;
  /** The last one that changed the sources of the project, with a plus sign if they were changed since. */
  readonly commit: string;
}

export interface ScenarioResult {
  readonly mode: Mode;
  readonly environment: Environment;
  readonly cases: readonly CaseResult[];
}

export type Results = Readonly<Partial<Record<ScenarioName, ScenarioResult>>>;

/** Full runs are kept in the repository; quick ones only tell whether the benchmark works. */
export function resultsFile(mode: Mode): string {
  return join(FOLDER, mode === "full" ? "latest.json" : "quick.json");
}

export function readResults(mode: Mode): Results {
  const file = resultsFile(mode);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : {};
}

/** What a contender was measured at, one value a run. */
export function valuesOf(
  contender: ContenderName,
  { id: [caseId, figure] }: Measure,
  { cases }: ScenarioResult,
): readonly number[] {
  const runs = cases.find(({ id }) => id === caseId)?.runs[contender] ?? [];
  return runs.map((figures) => figures[figure]).filter((value) => value !== undefined);
}

/** Replaces the result of one case; other cases of its scenario stay if they were measured alike. */
export function writeResult(name: ScenarioName, { cases, ...measured }: ScenarioResult): void {
  const file = resultsFile(measured.mode);
  mkdirSync(dirname(file), { recursive: true });
  const earlier = readResults(measured.mode);
  const known = earlier[name];
  const isAlike = isDeepStrictEqual(known?.environment, measured.environment);
  const byId = new Map(
    [...(isAlike ? (known?.cases ?? []) : []), ...cases].map((each) => [each.id, each]),
  );
  const results = { ...earlier, [name]: { ...measured, cases: [...byId.values()] } };
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
}

/** The versions are those of what the contenders use. */
export async function environment(
  servers: Addresses,
  contenders: readonly ContenderName[],
): Promise<Environment> {
  const entries = contenders.map((name) => entryOf(name));
  const packages = new Set(entries.flatMap((entry) => entry.packages ?? []));
  return {
    cpu: cpus()[0]?.model ?? "?",
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    servers: await serverVersions(servers, new Set(entries.map(({ store }) => store))),
    packages: Object.fromEntries([...packages].map((name) => [name, versionOf(name)])),
    commit: commit(),
  };
}

async function serverVersions(
  servers: Addresses,
  stores: ReadonlySet<string>,
): Promise<Environment["servers"]> {
  const look = new Look(servers, "process");
  const versions: Record<string, string> = {};
  if (stores.has("redis")) versions["Redis"] = await look.redis.version();
  if (stores.has("postgres") && servers.postgresUrl !== "") {
    versions["PostgreSQL"] = await look.postgres.version();
  }
  await look.close();
  return versions;
}

function versionOf(name: string): string {
  const file = join(import.meta.dirname, "../node_modules", name, "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

function commit(): string {
  const sources = ["--", "src", "lua"];
  const last = git("log", "-1", "--format=%h", ...sources);
  return git("status", "--porcelain", ...sources) === "" ? last : `${last}+`;
}

function git(...args: readonly string[]): string {
  const cwd = join(import.meta.dirname, "../..");
  return execFileSync("git", args, { cwd, encoding: "utf8" }).trim();
}
