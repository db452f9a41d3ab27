/** What runs in a thread of a pool. */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";

import { systemRuntime } from "../../platform/runtime.ts";
import { safeLogger } from "../../platform/safe-logger.ts";
import { exitThread } from "../../platform/thread-life.ts";
import { Queuey } from "../../queue/queuey.ts";
import { makeCurrentEngine } from "../current-engine.ts";
import { encodeThrown } from "./crossing-error.ts";
import { JobRunner } from "./job-runner.ts";
import { ProgressWriter } from "./progress.ts";
import { type FromThread, isThreadData, type ThreadData, type ToThread } from "./protocol.ts";
import { threadLogger } from "./thread-logger.ts";
import { ThreadLoop } from "./thread-loop.ts";
import { ThreadScheduling } from "./thread-scheduling.ts";
import { whileLoading } from "./thread-state.ts";
import { loadTasks } from "./thread-tasks.ts";

function post(message: FromThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
  parentPort?.postMessage(message);
}

async function serve(data: ThreadData): Promise<void> {
  const progress = new ProgressWriter(data.progress);
  const runtime = { ...systemRuntime(), logger: safeLogger(threadLogger(post, data.levels)) };
  const scheduling = new ThreadScheduling(data.scheduling);
  const engine = makeCurrentEngine(scheduling);
  const tasks = await whileLoading(async () =>
    loadTasks(data.modules, (module) => {
      post({ type: "loading", module });
    }),
  );
  const runner = new JobRunner({ ...data, tasks, progress, runtime, engine, post, hearAborts });
  const gone = Promise.withResolvers<void>();
  const receive = (message: ToThread): void => {
    switch (message.type) {
      case "go":
        gone.resolve();
        break;
      case "abort":
        runner.abort(message.id, message.reason);
        break;
      case "scheduled":
        scheduling.replied(message.call, message.reply);
        break;
    }
  };
  hear = () => {
    if (progress.hasMail()) receiveAll(receive);
  };
  parentPort?.on("message", receive);
  post({ type: "ready" });
  await gone.promise;
  // From here on the port alone does not need the event loop: see ThreadLoop.
  parentPort?.unref();
  await new ThreadLoop({
    ...data,
    progress,
    runtime,
    jobs: Queuey.attach<string>(data.jobs),
    run: (item) => runner.run(item),
    onRetiring: () => {
      post({ type: "retiring" });
    },
  }).run();
}

/** Receives messages in the middle of a task that blocks. Set once there is something to receive. */
let hear: () => void = () => undefined;

function hearAborts(): void {
  hear();
}

function receiveAll(receive: (message: ToThread) => void): void {
  if (parentPort === null) return;
  for (;;) {
    const received = receiveMessageOnPort(parentPort);
    if (received === undefined) return;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as the pool has sent it
    receive(received.message as ToThread);
  }
}

if (isThreadData(workerData)) {
  serve(workerData).then(exitThread, (error: unknown) => {
    post({ type: "refused", error: encodeThrown(error) });
    exitThread();
  });
}
