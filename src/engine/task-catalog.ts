import { UnknownTaskError } from "../core/errors.ts";
import { isRunnable, type RunnableTask, type TaskDefinition } from "../core/task.ts";
import type { Tasks } from "../core/tasks.ts";

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

  /** @throws UnknownTaskError */
  get(name: string): TaskDefinition {
    const definition = this.#definitions.get(name);
    if (definition === undefined) throw new UnknownTaskError(name, [...this.#definitions.keys()]);
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
