/** The producer of a chaos run: schedules jobs at a rate until SIGTERM, then ends by itself. */
import { setTimeout as sleep } from "node:timers/promises";

import { Tasks } from "spinach";

import { openJournal } from "../journal.ts";
import { LOAD_NAMES, loadTask } from "../load.ts";
import { childEngine, childRequest } from "./child.ts";
import { PlannedLoad, type PlannedTask } from "./planned-load.ts";

/** A turn of the producer, in ms. */
const TURN_MS = 50;

/** Most calls under way: Redis may be away for seconds. */
const MAX_UNDER_WAY = 1000;

const request = childRequest();
const note = openJournal();
const { spin } = childEngine(request, note);
const declared = new Tasks();
const tasks = new Map<string, PlannedTask>();
for (const name of LOAD_NAMES) {
  tasks.set(name, declared.declare(name, { maxRetries: loadTask(name)?.maxRetries }));
}
spin.attachTasks(declared);
const load = new PlannedLoad({
  engine: spin,
  note,
  seed: request.seed,
  prefix: String(request.seed),
  tasks,
  onThreads: request.workers !== "async",
});

let isStopping = false;
process.once("SIGTERM", () => {
  isStopping = true;
});
console.log("ready");
while (!isStopping) {
  let due = Math.round((request.rate * TURN_MS) / 1000);
  while (due > 0 && load.underWay < MAX_UNDER_WAY) {
    const { random } = load;
    const size = random() < 0.1 ? Math.min(due, 2 + Math.floor(random() * 30)) : 1;
    void load.schedule(size);
    due -= size;
  }
  await sleep(TURN_MS);
}
while (load.underWay > 0) await sleep(10);
await spin.close();
