/** What the documentation shows is true: every TypeScript block compiles, and runs as a program. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { text } from "node:stream/consumers";
import { after, describe, it } from "node:test";

const ROOT = join(import.meta.dirname, "../..");
const BOUND_MS = 60_000;

/** Inside this package, so that "spinach" is its own sources; git does not see it. */
const folder = mkdtempSync(join(import.meta.dirname, ".blocks-"));

const TSCONFIG = {
  extends: "../../../tsconfig.json",
  // A reader's program writes no declarations.
  compilerOptions: { isolatedDeclarations: false, declaration: false, declarationMap: false },
  include: ["*.ts"],
};

const STARTED = "workers have started";

/** Loaded before a program, tells when its workers have started. */
const ANNOUNCE = `data:text/javascript,
  import { subscribe } from "node:diagnostics_channel";
  subscribe("spinach:workerStarted", () => console.error("${STARTED}"));`;

interface Block {
  readonly file: string;
  readonly code: string;
}

/** Writes the blocks of a document to files of their own, `README-1.ts` and so on. */
function extractBlocks(document: string): readonly Block[] {
  const markdown = readFileSync(join(ROOT, document), "utf8");
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""], index) => {
    const file = join(folder, `${basename(document, ".md")}-${index + 1}.ts`);
    writeFileSync(file, code);
    return { file, code };
  });
}

function start(args: readonly string[]): ChildProcess {
  // Otherwise a block that uses node:test would report to this test's runner.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return spawn(process.execPath, [...args], {
    // Files that a program makes are gone with it.
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: BOUND_MS,
    killSignal: "SIGKILL",
  });
}

/** Waits for its end, which must be a good one. */
async function succeeds(child: ChildProcess): Promise<void> {
  if (child.stdout === null || child.stderr === null) throw new TypeError("not piped");
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  assert.equal(child.exitCode, 0, stdout + stderr);
}

/** Whether a program waits for a signal, which it says it takes. */
function runsForever(code: string): boolean {
  return code.includes(".run({") && !code.includes("stopWhenQueueEmpty");
}

async function runProgram({ file, code }: Block): Promise<void> {
  const child = start(["--conditions=spinach-source", "--import", ANNOUNCE, file]);
  if (runsForever(code)) {
    child.stderr?.on("data", (chunk: Buffer) => {
      if (chunk.includes(STARTED)) child.kill("SIGTERM");
    });
  }
  await succeeds(child);
}

describe("documentation", () => {
  after(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG));
  const documents = ["README.md", ...globSync("docs/*.md", { cwd: ROOT }).toSorted()];
  const blocks = documents.flatMap(extractBlocks);

  it("shows programs whose types are right", async () => {
    assert.ok(blocks.length > 0, "no TypeScript block found in README.md");
    await succeeds(start([join(ROOT, "node_modules/typescript/bin/tsc"), "--project", folder]));
  });

  for (const block of blocks.filter(({ code }) => /from "spinach["/]/.test(code))) {
    it(`runs ${basename(block.file)}`, async () => {
      await runProgram(block);
    });
  }
});
