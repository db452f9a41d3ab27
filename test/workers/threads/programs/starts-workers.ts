/** A module that is a whole program: threads must not start it again. */
import { Engine, MemoryBroker, Tasks, ThreadWorkers } from "spinach";

export const tasks: Tasks = new Tasks({ module: import.meta.url });

tasks.task("noop", () => undefined);

export const spin: Engine = new Engine(new MemoryBroker());
spin.attachTasks(tasks);

/** In a thread the module starts it itself. */
export async function start(): Promise<void> {
  await spin.startWorkers({ workers: new ThreadWorkers({ number: 1 }) });
}

if (process.env["SPINACH_TEST_START"] === "1") await start();
