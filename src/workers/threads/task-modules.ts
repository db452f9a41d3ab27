import { isRunnable } from "../../core/task.ts";
import { MODULE_REMEDY } from "../../core/thread-errors.ts";
import { moduleUrl } from "../../platform/module-url.ts";
import type { WorkersContext } from "../workers.ts";
import type { TaskModule } from "./protocol.ts";

/**
 * The modules that threads must import, in the order in which their tasks were attached. Tasks of other queues
 * too: a job of theirs may be scheduled to this queue.
 * @param kind - of workers, for the message
 * @throws TypeError if a task of the queue cannot be had from a module
 */
export function modulesOf(
  kind: string,
  { tasks, queue }: Pick<WorkersContext, "tasks" | "queue">,
): readonly TaskModule[] {
  const runnable = tasks.filter(isRunnable);
  const homeless = runnable.filter((task) => task.module === undefined && task.queue === queue);
  if (homeless.length > 0) {
    const names = homeless.map(({ name }) => `"${name}"`).join(", ");
    throw new TypeError(
      `startWorkers: ${kind} cannot run ${names} of queue "${queue}" on threads: ${MODULE_REMEDY}`,
    );
  }
  const byModule = Map.groupBy(runnable, (task) => task.module);
  return [...byModule].flatMap(([url, ofModule]) =>
    url === undefined ? [] : [{ url: moduleUrl(url), taskNames: ofModule.map(({ name }) => name) }],
  );
}
