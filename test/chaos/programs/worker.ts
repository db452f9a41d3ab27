/** A worker process of a chaos run. It ends by itself after SIGTERM. */
import { BrokerError } from "spinach";

import { openJournal } from "../journal.ts";
import { childEngine, childRequest, STORE_NOT_THERE } from "./child.ts";
import { restingBeats } from "./closing-tasks.ts";
import { OwnLoad } from "./own-load.ts";
import { beats, load } from "./tasks.ts";
import { makeWorkers } from "./worker-kinds.ts";

/** How long a stop waits for running jobs. */
const STOP_TIMEOUT_MS = 500;

const request = childRequest();
const note = openJournal();
const { spin, broker } = childEngine(request, (entry) => {
  note(entry);
  // It takes another id right after it has said so.
  if (entry.event === "lost") queueMicrotask(() => note({ event: "broker", id: broker.id }));
});
spin.attachTasks(load, request.closing ? restingBeats : beats);
spin.on("workerStarted", () => {
  note({ event: "broker", id: broker.id });
  console.log("ready");
});
const own = new OwnLoad(spin, request, note);
try {
  const running = spin.run({
    workers: makeWorkers(request.workers),
    stopTimeout: STOP_TIMEOUT_MS,
    stopWhenQueueEmpty: request.closing,
  });
  // It listens to signals by now.
  const starting = own.start();
  await Promise.all([running, starting]);
  await own.stop(STOP_TIMEOUT_MS);
  await spin.close();
} catch (error) {
  if (!(error instanceof BrokerError)) throw error;
  console.error(error.message);
  process.exitCode = STORE_NOT_THERE;
  void own.stop(0);
  await spin.close();
}
console.error(`${new Date().toISOString()} closed`);
// Nothing should keep it alive. If something does, the log says what.
setInterval(() => {
  console.error(`still alive: ${process.getActiveResourcesInfo().join(", ")}`);
}, 1000).unref();
