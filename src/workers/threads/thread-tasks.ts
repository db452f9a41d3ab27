/** How a thread gets its tasks: it imports their modules, and looks for the registries that these export. */
import { isRunnable, type RunnableTask } from "../../core/task.ts";
import { Tasks } from "../../core/tasks.ts";
import type { TaskModule } from "./protocol.ts";

/**
 * The tasks of the modules, by name.
 *
 * @param onLoading - called before a module is imported, with its URL, and after it
 *
 * Rejects with what a module throws, and with TypeError if a module does not give the tasks that it should.
 */
export async function loadTasks(
  modules: readonly TaskModule[],
  onLoading: (url: string | undefined) => void,
): Promise<ReadonlyMap<string, RunnableTask>> {
  const tasks = new Map<string, RunnableTask>();
  // One after the other: their order is that of the main thread.
  for (const taskModule of modules) {
    onLoading(taskModule.url);
    const exports: unknown = await import(taskModule.url);
    onLoading(undefined);
    for (const task of tasksOf(taskModule, exports)) tasks.set(task.name, task);
  }
  return tasks;
}

function tasksOf(taskModule: TaskModule, exports: unknown): readonly RunnableTask[] {
  const expected = new Set(taskModule.taskNames);
  // A registry that has none of them is one that the engine was not given.
  const tasks = registriesOf(exports)
    .map(({ definitions }) => definitions.filter(isRunnable))
    .filter((definitions) => definitions.some(({ name }) => expected.has(name)))
    .flat();
  const names = new Set(tasks.map(({ name }) => name));
  const missing = [...expected].filter((name) => !names.has(name));
  const extra = [...names].filter((name) => !expected.has(name));
  if (missing.length === 0 && extra.length === 0) return tasks;
  throw new TypeError(
    `module ${taskModule.url} does not give a thread the same tasks as the main thread: ` +
      `${[...listed("missing", missing), ...listed("extra", extra)].join("; ")}. ` +
      `It must export its registry (export const tasks = new Tasks({ module: import.meta.url })), and register ` +
      `the same tasks in every thread`,
  );
}

function registriesOf(exports: unknown): readonly Tasks[] {
  if (typeof exports !== "object" || exports === null) return [];
  const values: readonly unknown[] = Object.values(exports);
  return [...new Set(values.filter((value) => value instanceof Tasks))];
}

function listed(what: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${what} ${names.map((name) => `"${name}"`).join(", ")}`];
}
