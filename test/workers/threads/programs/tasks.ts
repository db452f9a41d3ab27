/** Tasks of the tests of threads. */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { resourceLimits, threadId } from "node:worker_threads";

import { AbortError, currentEngine, currentJob, RetryError, type Task, Tasks } from "spinach";

export const tasks: Tasks = new Tasks({ module: import.meta.url });

tasks.task("threadId", () => threadId);

tasks.task("limits", () => [resourceLimits.maxOldGenerationSizeMb, resourceLimits.stackSizeMb]);

tasks.task("echo", (...args: unknown[]) => args);

tasks.task("exit", (code: number) => {
  process.exit(code);
});

tasks.task("exitAgain", { maxRetries: 3 }, (code: number) => {
  process.exit(code);
});

tasks.task("throwLater", async () => {
  setImmediate(() => {
    throw new RangeError("nobody catches this");
  });
  await Promise.withResolvers<never>().promise;
});

tasks.task("rejectUnheard", async () => {
  void Promise.reject(new RangeError("nobody handles this"));
  await Promise.withResolvers<never>().promise;
});

tasks.task("eatMemory", () => {
  const eaten: number[][] = [];
  for (;;) eaten.push(Array.from({ length: 100_000 }, (_, index) => index));
});

tasks.task("loopForever", () => {
  for (;;);
});

/** Says that it has started by writing one file, blocks until there is another one, then may fail. */
tasks.task("blockUntil", (started: string, end: string, failure: string) => {
  writeFileSync(started, "");
  while (!existsSync(end));
  if (failure !== "") throw new RangeError(failure);
});

tasks.task("loopUntilAborted", () => {
  const job = currentJob();
  if (job === undefined) throw new TypeError("no job");
  while (!job.signal.aborted);
  throw job.signal.reason;
});

tasks.task("sleepForever", async () => {
  await Promise.withResolvers<never>().promise;
});

class PaymentError extends Error {
  override readonly name = "PaymentError";
  readonly code = "E_PAYMENT";
  readonly amount = 42;
  readonly retryable = () => false;
}

tasks.task("failCustom", () => {
  throw new PaymentError("declined", { cause: new RangeError("limit", { cause: "deep" }) });
});

tasks.task("failAll", () => {
  throw new AggregateError([new TypeError("one"), "two"], "both");
});

tasks.task("retryAt", (at: number) => {
  throw new RetryError("later", { at: new Date(at) });
});

tasks.task("abort", () => {
  throw new AbortError("never");
});

class CardDeclined extends AbortError {
  override readonly name = "CardDeclined";
  readonly card = 4242;
}

tasks.task("abortCustom", () => {
  throw new CardDeclined("declined");
});

tasks.task("log", (level: "debug" | "warn") => {
  const error = Object.assign(new Error("inner"), { code: "E_LOG" });
  currentJob()?.logger[level]({ err: error, fn: () => 1, n: 1 }, "a line");
});

tasks.task("scheduleSync", (name: string, ...args: unknown[]) => {
  const job = currentEngine()?.scheduleSync(name, ...args);
  return job && { ...job, at: job.at.getTime() };
});

tasks.task("schedule", async (name: string, ...args: unknown[]) => {
  const job = await currentEngine()?.schedule(name, ...args);
  return job?.id;
});

tasks.task("scheduleIn", async (ms: number) => {
  currentEngine()?.scheduleInSync("echo", ms);
  await currentEngine()?.scheduleIn("echo", ms);
});

/** How scheduling a job of so many MiB fails, in both ways. */
tasks.task("scheduleLarge", async (mebibytes: number) => {
  const text = "x".repeat(mebibytes * 1024 * 1024);
  const errors: string[] = [];
  try {
    currentEngine()?.scheduleSync("echo", text);
  } catch (error) {
    errors.push(String(error));
  }
  await currentEngine()
    ?.schedule("echo", text)
    .catch((error: unknown) => errors.push(String(error)));
  return errors;
});

const marked = tasks.task("marked", () => undefined);
tasks.task("scheduleTask", () => {
  currentEngine()?.scheduleSync(marked.with({ maxRetries: 3 }));
});

tasks.task("leaveTimer", (ms: number) => {
  const job = currentJob();
  setTimeout(() => {
    job?.logger.warn({}, "the timer fired");
  }, ms);
});

tasks.task("leaveUnrefTimer", (ms: number) => {
  const job = currentJob();
  setTimeout(() => {
    job?.logger.warn({}, "the timer fired");
  }, ms).unref();
});

/** Says that it has started by writing one file, then stays in native code until there is another one, 30 s at most. */
export const stayInNativeCode: Task<[started: string, end: string]> = tasks.task(
  "stayInNativeCode",
  (started: string, end: string) => {
    writeFileSync(started, "");
    const wait = 'for i in $(seq 600); do if [ -e "$0" ]; then exit; fi; sleep 0.05; done';
    execFileSync("sh", ["-c", wait, end]);
  },
);
