/** What waiting costs, and what keeps a process alive. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { suite, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { Queuey, QueueClosedError } from "../../src/queuey.ts";
import { within } from "../../src/testing/waits.ts";

const SOURCE = new URL("../../src/queuey.ts", import.meta.url).href;
const MEBIBYTE = 1_048_576;
/** A day of idle waiting wakes up 86,400 times. */
const WAITS = 1_000_000;

/** Runs a program in a process of its own; returns its exit code, or null if it lived for the time. */
async function lifeOf(program: string, boundMs: number): Promise<[number | null, number]> {
  const code = `import { Queuey } from "${SOURCE}";\n${program}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  // What it says last is that its work is over.
  await within("the program says that it is ready", once(child.stdout, "data"));
  const startedMs = performance.now();
  const timer = setTimeout(() => child.kill("SIGKILL"), boundMs);
  const [exitCode] = (await once(child, "exit")) as [number | null];
  clearTimeout(timer);
  return [exitCode, performance.now() - startedMs];
}

suite("Queuey: what keeps a process alive", () => {
  test("a finished program exits by itself at once, whatever it has waited for", async () => {
    const program = `
      const queue = new Queuey({ maxSize: 1 });
      const get = queue.getAsync();
      setTimeout(() => queue.putSync(1), 50);
      await get;
      queue.taskDone();
      const controller = new AbortController();
      const aborted = queue.getAsync({ signal: controller.signal }).catch(() => {});
      controller.abort();
      await aborted;
      console.log("over");`;
    const [exitCode, lifeMs] = await lifeOf(program, 10_000);
    assert.equal(exitCode, 0);
    // Its last wait has a timer of a second.
    assert.ok(lifeMs < 900, `it lived for ${lifeMs} ms`);
  });

  test("a process lives while a getAsync() or a putAsync() waits", async () => {
    for (const waiting of ["queue.getAsync()", "queue.putAsync(1); queue.putAsync(2)"]) {
      const program = `
        const queue = new Queuey({ maxSize: 1 });
        ${waiting};
        console.log("waits");`;
      const [exitCode] = await lifeOf(program, 1500);
      assert.equal(exitCode, null, waiting);
    }
  });

  test("no timer is left over while nobody waits", async () => {
    const queue = new Queuey({ maxSize: 1 });
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    const controller = new AbortController();
    const gets = [queue.getAsync({ signal: controller.signal }), queue.getAsync()];
    await turn();
    assert.equal(timers(), before + 1);
    controller.abort();
    await assert.rejects(gets[0] ?? Promise.resolve());
    await queue.putAsync(1);
    await gets[1];
    assert.equal(timers(), before);
  });
});

suite("Queuey: a day of waiting", () => {
  test(`memory is flat after ${WAITS} timed waits that block`, () => {
    const queue = new Queuey({ maxSize: 1 });
    // The same waits, but each of them is over at once.
    const grownBytes = growthOf("wait", 1e-6, queue, () => {
      assert.throws(() => queue.getSync(), QueueClosedError);
    });
    assert.ok(grownBytes() < 30 * MEBIBYTE, `it grew by ${grownBytes()} bytes`);
  });

  test(`memory is flat after ${WAITS} timed waits that await`, async () => {
    const queue = new Queuey({ maxSize: 1 });
    const grownBytes = growthOf("waitAsync", 1e-3, queue, () => {});
    await assert.rejects(queue.getAsync(), QueueClosedError);
    assert.ok(grownBytes() < 30 * MEBIBYTE, `it grew by ${grownBytes()} bytes`);
  });
});

/**
 * Makes every wait of Atomics as short as told, and closes the queue at the last. Returns what measures how
 * much memory the waits took, the first tenth aside, and puts the old function back.
 */
function growthOf(
  name: "wait" | "waitAsync",
  timeoutMs: number,
  queue: Queuey,
  run: () => void,
): () => number {
  const really = Reflect.get(Atomics, name) as (...args: unknown[]) => unknown;
  let left = WAITS;
  let before = 0;
  // Not node:test's mock, which remembers all calls.
  Reflect.set(Atomics, name, (array: Int32Array, index: number, value: number): unknown => {
    left -= 1;
    if (left === WAITS * 0.9) before = process.memoryUsage().rss;
    if (left === 0) queue.close();
    return Reflect.apply(really, Atomics, [array, index, value, timeoutMs]);
  });
  run();
  return () => {
    Reflect.set(Atomics, name, really);
    assert.ok(left <= 0);
    return process.memoryUsage().rss - before;
  };
}
