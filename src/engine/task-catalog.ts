import { UnknownTaskError } from "../core/errors.ts";
import {
  isRunnable,
  type RunnableTask,
  type TaskDefinition,
  type TaskReference,
} from "../core/task.ts";
import { definitionOf, type Tasks } from "../core/tasks.ts";

const WHERE_ELSEWHERE =
  "; if its function is in another program, name it here with tasks.declare(), in an attached registry";

/** All tasks of an engine, from all its registries, by name. */
export class TaskCatalog {
  readonly #definitions = new Map<string, TaskDefinition>();
  /** With how to stop watching each. */
  readonly #registries = new Map<Tasks, () => void>();
  readonly #onAdded: () => void;

  /** @param onAdded - called after tasks were added */
  constructor(onAdded: () => void) {
    this.#onAdded = onAdded;
  }

  /**
   * Takes in a registry, and whatever is registered there later. Twice is once.
   * @throws RangeError if one of its names is taken; then none of its tasks is taken in
   */
  attach(registry: Tasks): void {
    if (this.#registries.has(registry)) return;
    for (const definition of registry.definitions) this.#refuseTaken(definition);
    for (const definition of registry.definitions)
      this.#definitions.set(definition.name, definition);
    const unwatch = registry.watch({
      check: (definition) => {
        this.#refuseTaken(definition);
      },
      added: (definition) => {
        this.#definitions.set(definition.name, definition);
        this.#onAdded();
      },
    });
    this.#registries.set(registry, unwatch);
    this.#onAdded();
  }

  /** Lets go of the registries: they may outlive the engine. */
  close(): void {
    for (const unwatch of this.#registries.values()) unwatch();
  }

  /**
   * @throws UnknownTaskError
   * @throws RangeError if it is a task of a registry that is not attached, and its name another one's here
   */
  get(task: TaskReference): TaskDefinition {
    const name = typeof task === "string" ? task : task.taskName;
    const definition = this.#definitions.get(name);
    if (definition === undefined) {
      throw new UnknownTaskError(name, [...this.#definitions.keys()], WHERE_ELSEWHERE);
    }
    if (typeof task !== "string") refuseNamesake(task, definition);
    return definition;
  }

  /** The task if its function is here: one that is only declared cannot run. */
  runnable(name: string): RunnableTask | undefined {
    const definition = this.#definitions.get(name);
    return definition !== undefined && isRunnable(definition) ? definition : undefined;
  }

  /** Names of the tasks that can run here, for messages. */
  get runnableNames(): readonly string[] {
    return this.all.filter(isRunnable).map(({ name }) => name);
  }

  get all(): readonly TaskDefinition[] {
    return [...this.#definitions.values()];
  }

  #refuseTaken({ name }: TaskDefinition): void {
    if (this.#definitions.has(name)) {
      throw new RangeError(
        `task: a task named "${name}" is already registered in this engine, pick another name`,
      );
    }
  }
}

/** Its function, queue and retries would be silently replaced by those of the other one. */
function refuseNamesake(task: Exclude<TaskReference, string>, here: TaskDefinition): void {
  const own = definitionOf(task);
  if (own === undefined || own === here) return;
  throw new RangeError(
    `task "${here.name}" is of a registry that is not attached, and this engine has another task of that name: ` +
      "give one of them another name and attach its registry, or schedule the engine's own task, or its name",
  );
}
