/** A worker process of a chaos run. It ends by itself after SIGTERM. */
import { AsyncWorkers, BrokerError } from "spinach";

import { openJournal } from "../journal.ts";
import { childEngine, childRequest, STORE_NOT_THERE } from "./child.ts";
import { beats, load } from "./tasks.ts";

/** Jobs at once. */
const NUMBER = 24;

const request = childRequest();
const note = openJournal();
const { spin, broker } = childEngine(request, (entry) => {
  note(entry);
  // It takes another id right after it has said so.
  if (entry.event === "lost") queueMicrotask(() => note({ event: "broker", id: broker.id }));
});
spin.attachTasks(load, beats(!request.closing));
spin.on("workerStarted", () => {
  note({ event: "broker", id: broker.id });
  console.log("ready");
});
try {
  await spin.run({
    workers: new AsyncWorkers({ number: NUMBER }),
    stopTimeout: 500,
    stopWhenQueueEmpty: request.closing,
  });
} catch (error) {
  if (!(error instanceof BrokerError)) throw error;
  console.error(error.message);
  process.exitCode = STORE_NOT_THERE;
  await spin.close();
}
