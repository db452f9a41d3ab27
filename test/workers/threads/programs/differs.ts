/** A module that gives threads other tasks than the main thread. */
import { isMainThread } from "node:worker_threads";

import { Tasks } from "spinach";

export const tasks: Tasks = new Tasks({ module: import.meta.url });

tasks.task("both", () => undefined);
tasks.task(isMainThread ? "mainOnly" : "threadOnly", () => undefined);
