/** The tasks that the workers conformance suite runs, in a module of their own so that threads can. */
import { BroadcastChannel } from "node:worker_threads";

import { RetryError } from "../../core/errors.ts";
import { Tasks } from "../../core/tasks.ts";
import { type CurrentJob, currentJob } from "../../workers/current-job.ts";

/** Channel on which `openGate` reaches the tasks that wait, in whatever thread they run. */
const GATES = "spinach-conformance-gates";

const tasks = new Tasks({ module: import.meta.url });

/** @internal Threads look the registry up by this name. */
export const conformanceTasks: Tasks = tasks;

tasks.task("echo", (...args: unknown[]) => args);

tasks.task("echoLater", async (...args: unknown[]) => {
  await Promise.resolve();
  return args;
});

tasks.task("describeJob", async () => {
  await Promise.resolve();
  const { id, taskName, queue, retries, args, signal } = runningJob();
  return { id, taskName, queue, retries, args, aborted: signal.aborted };
});

tasks.task("fail", (message: string) => {
  throw Object.assign(new RangeError(message, { cause: "the cause" }), { code: "E_TEST" });
});

tasks.task("failLater", async (message: string) => {
  await Promise.resolve();
  throw new RangeError(message);
});

tasks.task("throwText", () => {
  // oxlint-disable-next-line typescript/only-throw-error -- that is what is tested
  throw "not an error";
});

tasks.task("waitForGate", waitForGate);

tasks.task("ignoreSignal", () => waitForGate("never opened"));

tasks.task("waitForAbort", async () => {
  await aborted(runningJob().signal);
  runningJob().signal.throwIfAborted();
});

tasks.task("failOnAbort", async () => {
  await aborted(runningJob().signal);
  throw new Error("interrupted");
});

tasks.task("succeedOnAbort", async () => {
  await aborted(runningJob().signal);
  return runningJob().signal.reason instanceof Error;
});

tasks.task("retryOnAbort", async () => {
  await aborted(runningJob().signal);
  throw new RetryError("later, please");
});

/** Lets the tasks that wait for this gate end; to be repeated until they have. */
export function openGate(name: string): void {
  const channel = new BroadcastChannel(GATES);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
  channel.postMessage(name);
  channel.close();
}

async function waitForGate(name: string): Promise<string> {
  const channel = new BroadcastChannel(GATES);
  const { promise, resolve } = Promise.withResolvers<string>();
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the typed way of worker_threads
  channel.onmessage = (event) => {
    if (isObject(event) && event["data"] === name) resolve(name);
  };
  // A task that ignores its signal must not keep the process alive.
  channel.unref();
  await promise;
  channel.close();
  return name;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => {
    resolve();
  });
  await promise;
}

function runningJob(): CurrentJob {
  const job = currentJob();
  if (job === undefined) throw new TypeError("currentJob() is undefined inside a task");
  return job;
}
