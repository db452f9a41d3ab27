/** A heartbeat thread that can never start is an error of `startWorkers`; one that can starts without what is not its own. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

import { KEPT, keptFlags } from "../../../src/platform/own-threads.ts";
import { within } from "../../../src/testing/waits.ts";
import { temporaryFolder } from "../sqlite/temporary-folder.ts";

const SRC = join(import.meta.dirname, "../../../src");
const folder = temporaryFolder();
after(() => {
  folder.remove();
});

let files = 0;

/** A program that runs one job on SQLite, and says what it met. */
function program(src = SRC): string {
  files += 1;
  const from = (file: string): string => JSON.stringify(pathToFileURL(join(src, file)).href);
  return `
    import { AsyncWorkers, Engine } from ${from("index.ts")};
    import { SqliteBroker } from ${from("sqlite.ts")};
    const spin = new Engine(new SqliteBroker(${JSON.stringify(folder.file(`${files}.db`))}));
    await spin.schedule(spin.task("hello", () => console.log("it ran")));
    await spin.run({ workers: new AsyncWorkers(), stopWhenQueueEmpty: true })
      .catch((error) => console.log(error.name + ": " + error.message));
    await spin.close();`;
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

async function runNode(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn(process.execPath, ["--no-warnings", ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const texts: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => texts.push(text));
  }
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once("close", resolve);
  try {
    const code = await within(`the end of ${args.slice(0, 2).join(" ")}`, promise, 60_000);
    return { code, output: texts.join("") };
  } finally {
    child.kill("SIGKILL");
  }
}

suite("a heartbeat thread", () => {
  test("starts in a program that is given as text (--input-type)", async () => {
    const { code, output } = await runNode(["--input-type=module", "-e", program()]);
    assert.deepEqual({ code, output }, { code: 0, output: "it ran\n" });
  });

  for (const how of ["--import", "NODE_OPTIONS"]) {
    test(`does not run a preload of the application once more (${how})`, async () => {
      const log = folder.file(`preloads of ${how}`);
      const preload = folder.file("preload.mjs");
      writeFileSync(
        preload,
        `import { appendFileSync } from "node:fs"; appendFileSync(process.env.PRELOADS, "once ");`,
      );
      const main = folder.file("main.mjs");
      writeFileSync(main, program());
      const flag = `--import=${pathToFileURL(preload).href}`;
      const { output } = await runNode(how === "--import" ? [flag, main] : [main], {
        PRELOADS: log,
        ...(how === "NODE_OPTIONS" && { NODE_OPTIONS: flag }),
      });
      assert.equal(output, "it ran\n");
      assert.equal(readFileSync(log, "utf8"), "once ");
    });
  }

  test("that may not start (--permission) is an error of startWorkers that names the flag", async () => {
    const main = folder.file("permission.mjs");
    writeFileSync(main, program());
    const { code, output } = await runNode([
      "--permission",
      "--allow-fs-read=*",
      "--allow-fs-write=*",
      main,
    ]);
    assert.match(output, /^BrokerError: the heartbeat thread cannot start: .*--allow-worker/v);
    assert.equal(code, 0, "it ends by itself");
  });

  test("whose file a bundle has left behind is an error of startWorkers that says what to do", async () => {
    const copy = folder.file("bundled");
    cpSync(SRC, copy, { recursive: true });
    rmSync(join(copy, "brokers/sqlite/heartbeat-entry.ts"));
    const main = folder.file("bundle.mjs");
    writeFileSync(main, program(copy));
    const { code, output } = await runNode([main]);
    assert.match(
      output,
      /^BrokerError: the heartbeat thread cannot start: .*serverExternalPackages/v,
    );
    assert.equal(code, 0, "it ends by itself");
  });
});

test("keptFlags() keeps how modules and servers are found, each flag with its value, and Yarn's own preload", () => {
  const kept = [
    "--conditions=a",
    "-C",
    "b",
    "--dns-result-order=ipv4first",
    "--require",
    "/x/.pnp.cjs",
    "--experimental-loader=file:///x/.pnp.loader.mjs",
  ];
  const others = [
    "--import",
    "tsx",
    "--require=./a.cjs",
    "-r",
    "b",
    "--input-type=module",
    "-e",
    "1",
  ];
  assert.deepEqual(keptFlags([...kept, ...others, "--expose-gc", "--max-old-space-size=99"]), kept);
});

test("a thread may have each flag that keptFlags() keeps", async () => {
  const values = {
    "--conditions": "x",
    "-C": "x",
    "--disable-warning": "X",
    "--dns-result-order": "verbatim",
  };
  for (const flag of KEPT) {
    const value: unknown = flag.endsWith("-timeout") ? "500" : Reflect.get(values, flag);
    const execArgv = typeof value === "string" ? [flag, value] : [flag];
    const worker = new Worker("0", { eval: true, execArgv });
    await within(`the end of a thread with ${flag}`, once(worker, "exit"));
  }
});
