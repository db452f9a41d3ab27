import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";

import type { CaseResult } from "./measure-case.ts";
import { Probe } from "./probe.ts";
import type { Mode, ScenarioName } from "./scenario.ts";

const FOLDER = join(import.meta.dirname, "../results");

/** Where a scenario was measured: what it takes to measure it again, and nothing that names the machine. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly node: string;
  readonly redis: string;
  readonly packages: Readonly<Record<string, string>>;
  /** Of the project, with a plus sign if its sources were changed since. */
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

/** Replaces the result of one scenario. */
export function writeResults(name: ScenarioName, result: ScenarioResult): void {
  const file = resultsFile(result.mode);
  mkdirSync(dirname(file), { recursive: true });
  const results = { ...readResults(result.mode), [name]: result };
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
}

export async function environment(port: number): Promise<Environment> {
  await using probe = new Probe(port);
  await probe.open();
  return {
    cpu: cpus()[0]?.model ?? "?",
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    redis: await probe.version(),
    packages: {
      bullmq: versionOf("bullmq"),
      ioredis: versionOf("ioredis"),
      "@redis/client": versionOf("@redis/client"),
      piscina: versionOf("piscina"),
      tinypool: versionOf("tinypool"),
    },
    commit: commit(),
  };
}

function versionOf(name: string): string {
  const file = join(import.meta.dirname, "../node_modules", name, "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

function commit(): string {
  const head = git("rev-parse", "--short", "HEAD");
  return git("status", "--porcelain", "--", "../src", "../lua") === "" ? head : `${head}+`;
}

function git(...args: readonly string[]): string {
  const cwd = join(import.meta.dirname, "..");
  return execFileSync("git", args, { cwd, encoding: "utf8" }).trim();
}
