import assert from "node:assert/strict";
import { type ChildProcess, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";

import { within } from "../../src/testing/waits.ts";
import { startRedis } from "../brokers/redis/redis-server.ts";
import { ended, runDemo, startDemo } from "./run-demo.ts";

/** Of POSIX; Node itself cannot make a pipe that has a name. */
const MAKE_PIPE = "mkfifo";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "spinach-demo-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function printed(child: ChildProcess, text: string): Promise<void> {
  let output = "";
  const { promise, resolve } = Promise.withResolvers<void>();
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    if (output.includes(text)) resolve();
  });
  await within(`the demo prints "${text}"`, promise);
}

function shortHash(content: string): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 12);
}

describe("demo on a folder", () => {
  it("tells size, lines and hash of each file, and the totals", async () => {
    const files = { "a.txt": "one\ntwo\n", "sub dir/é ✓.txt": "x".repeat(2048), empty: "" };
    await mkdir(join(folder, "sub dir"));
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(folder, name), content);
    }
    const { code, stdout, stderr } = await runDemo(folder);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, new RegExp(`2\\.0 KiB +0  ${shortHash("x".repeat(2048))}  sub dir/é ✓`));
    assert.match(stdout, new RegExp(`8 B +2  ${shortHash("one\ntwo\n")}  a\\.txt`));
    assert.match(stdout, new RegExp(`0 B +0  ${shortHash("")}  empty`));
    assert.match(stdout, /^3 files, 2\.0 KiB \(2,056 bytes\), 2 lines\n0 jobs failed$/m);
    assert.match(stdout, /^\d+\.\d\d s, [\d,]+ jobs\/s$/m);
  });

  it("lists the 10 largest of many files, largest first, and counts all", async () => {
    const sizes = Array.from({ length: 1203 }, (_, index) => index + 1);
    await Promise.all(sizes.map((size) => writeFile(join(folder, `f${size}`), "\n".repeat(size))));
    const { code, stdout } = await runDemo(folder);
    const listed = [...stdout.matchAll(/ f(\d+)$/gm)].map(([, size]) => Number(size));
    assert.deepEqual(listed, sizes.toReversed().slice(0, 10));
    const bytes = ((1203 * 1204) / 2).toLocaleString("en-US");
    assert.match(stdout, new RegExp(`^1,203 files, .*\\(${bytes} bytes\\), ${bytes} lines$`, "m"));
    assert.equal(code, 0);
  });

  it("prints nothing but zeros for an empty folder", async () => {
    const { code, stdout } = await runDemo(folder);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^0 files, 0 B \(0 bytes\), 0 lines\n0 jobs failed\n0\.\d\d s, 0 jobs\/s\n$/,
    );
  });

  it("reads linked files, does not follow linked folders, skips pipes", async () => {
    await mkdir(join(folder, "sub"));
    await writeFile(join(folder, "sub/file"), "1");
    await symlink("sub/file", join(folder, "link"));
    await symlink("..", join(folder, "sub/up"));
    execFileSync(MAKE_PIPE, [join(folder, "pipe")]);
    await symlink("pipe", join(folder, "pipe-link"));
    const { code, stdout } = await runDemo(folder);
    assert.match(stdout, /^2 files, 2 B/m);
    assert.match(stdout, /^0 jobs failed, 3 skipped \(not regular files\)$/m);
    assert.equal(code, 0);
  });

  it("fails an unreadable file after its retries, lists it, and exits with 1", async () => {
    await writeFile(join(folder, "good"), "1");
    await symlink("nowhere", join(folder, "bad"));
    const { code, stdout, stderr } = await runDemo(folder);
    assert.deepEqual([code, stderr], [1, ""]);
    assert.match(stdout, /^Failed:\n {2}bad: ENOENT: no such file or directory$/m);
    assert.match(stdout, /^1 file, 1 B \(1 byte\), 0 lines\n1 job failed$/m);
    // Two retries, 200 ms after each failure.
    assert.ok(Number(/^(\d+\.\d\d) s,/m.exec(stdout)?.[1]) >= 0.4, stdout);
  });

  it("escapes names that would move the cursor", async () => {
    await writeFile(join(folder, "two\nlines\u001B[31m\u202E"), "1");
    const { stdout } = await runDemo(folder);
    assert.match(stdout, / {2}"two\\nlines\\u001b\[31m\\u\{202e\}"$/m);
  });

  it("ends with what it has after ^C, with exit code 130", async () => {
    await writeFile(join(folder, "small"), "1\n");
    await writeFile(join(folder, "huge"), "");
    await truncate(join(folder, "huge"), 2 ** 36);
    const child = startDemo([folder]);
    child.stdout?.on("data", (chunk: Buffer) => {
      if (chunk.includes("1 done (of 2)")) child.kill("SIGINT");
    });
    const { code, stdout, stderr } = await ended(child);
    assert.deepEqual([code, stderr], [130, ""]);
    assert.match(
      stdout,
      /^1 done \(of 2\), 0 failed, [01] jobs\/s\nStopped before the end; so far:$/m,
    );
    assert.match(stdout, /^1 file, 2 B \(2 bytes\), 1 line\n0 jobs failed$/m);
  });

  it("ends in silence when its reader has seen enough", async () => {
    const child = startDemo(["--help"]);
    child.stdout?.destroy();
    const stderr: string[] = [];
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => stderr.push(chunk));
    await within("the demo ends", once(child, "close"));
    assert.deepEqual([child.exitCode, stderr.join("")], [0, ""]);
  });
});

describe("demo command line", () => {
  const refused: ReadonlyArray<readonly [args: readonly string[], message: RegExp]> = [
    [["no-such-folder"], /folder "no-such-folder" does not exist: give an existing folder/],
    [["package.json"], /"package\.json" is a file, not a folder/],
    [[""], /folder "" does not exist/],
    [["--colour"], /Unknown option '--colour': see npm run demo -- --help/],
    [["--broker"], /Option '--broker <value>' argument missing/],
    [["src", "test"], /one folder at most, got 2: src test/],
    [["--broker", "mysql://me:secret@host"], /no "mysql:\/\/\*\*\*@host", it has memory/],
    [["--broker", "sqlite:"], /no "sqlite:", it has memory, .*: use --broker memory/],
    [["--broker", "sqlite:FOLDER/none/jobs.db"], /the folder of .*jobs\.db does not exist/],
    [["--workers", "cluster"], /no "cluster", it has async, threads: use --workers async/],
  ];
  for (const [args, message] of refused) {
    it(`refuses ${JSON.stringify(args)} with one line and exit code 2`, async () => {
      const { code, stdout, stderr } = await runDemo(...args);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, /^demo: .*\n$/);
      assert.match(stderr, message);
    });
  }

  it("runs on threads, and compares their speed with that of one", async () => {
    await writeFile(join(folder, "a.txt"), "hello\n");
    const { code, stdout, stderr } = await runDemo(folder, "--workers", "threads");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, new RegExp(`${shortHash("hello\n")} +a\\.txt`));
    assert.match(stdout, /\d threads?: \d+\.\d\dx the speed of one thread \(1 file once more/);
  });

  it("goes on with what a demo on the same SQLite file had begun when it was killed", async () => {
    const files = join(folder, "files");
    await mkdir(files);
    await mkdir(join(folder, "empty"));
    for (let index = 0; index < 20; index += 1) await writeFile(join(files, `f${index}`), "1\n");
    await writeFile(join(files, "huge"), "");
    await truncate(join(files, "huge"), 2 ** 36);
    const broker = ["--broker", `sqlite:${join(folder, "demo.db")}`];
    const killed = startDemo([files, ...broker]);
    await printed(killed, "20 done (scheduled 21)");
    const other = startDemo([join(folder, "empty"), ...broker]);
    const end = ended(other);
    await printed(other, "0 done (scheduled 0)");
    killed.kill("SIGKILL");
    await truncate(join(files, "huge"), 7);
    const { code, stdout, stderr } = await end;
    assert.deepEqual([code, stderr.includes("took over the jobs of a process")], [0, true]);
    assert.match(stdout, /^1 file, 7 B/m);
  });

  it("takes the kinds that exist", async () => {
    const { code } = await runDemo(folder, "--broker", "memory", "--workers=async");
    assert.equal(code, 0);
  });

  it("works on a Redis", async () => {
    const redis = await startRedis();
    try {
      await writeFile(join(folder, "hello.txt"), "hello\n");
      const { code, stdout, stderr } = await runDemo(folder, "--broker", redis.url);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, /hello\.txt/);
    } finally {
      await redis.stop();
    }
  });

  it("explains itself", async () => {
    const { code, stdout } = await runDemo("--help");
    assert.equal(code, 0);
    assert.match(stdout, /^Usage: npm run demo -- \[folder\]/);
  });
});
