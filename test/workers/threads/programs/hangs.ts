/** A module that threads never have loaded. */
import { isMainThread } from "node:worker_threads";

import { Tasks } from "spinach";

export const tasks: Tasks = new Tasks({ module: import.meta.url });

tasks.task("noop", () => undefined);

if (!isMainThread) {
  setInterval(() => undefined, 1000);
  await Promise.withResolvers<never>().promise;
}
