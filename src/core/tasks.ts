import { DEFAULT_QUEUE, MAX_COUNT, MAX_PARAMETERS, MAX_PERIOD_MS } from "./constants.ts";
import { checkInteger, checkName, checkOptions, describe } from "./option-checks.ts";
import {
  checkJobOptions,
  definedOnly,
  JOB_OPTIONS,
  type JobOptions,
  type Task,
  type TaskDefinition,
  type TaskFunction,
  type TaskOf,
  type TaskOptions,
  TASK_OPTIONS,
} from "./task.ts";

/** Options of a registry: what its tasks get unless they say otherwise. */
export interface TasksOptions extends Omit<TaskOptions, "requiredArgs"> {
  /** `import.meta.url` of the module that makes the registry, or the name of its package, so that threads can load it. */
  readonly module?: string | undefined;
}

/** @internal Who must agree to each task that is registered later, and hears of it then. */
export interface TaskWatcher {
  /** Throws to refuse it. */
  check(definition: TaskDefinition): void;
  added(definition: TaskDefinition): void;
}

/**
 * A registry of tasks, made apart from any engine and attached to one (or several) later.
 *
 * @example
 * const mails = new Tasks({ queue: "mails", maxRetries: 5, module: import.meta.url });
 * export const welcome = mails.task("welcome", async (userId: number) => { ... });
 * spin.attachTasks(mails);
 */
export class Tasks {
  readonly #defaults: TasksOptions;
  readonly #definitions = new Map<string, TaskDefinition>();
  readonly #watchers = new Set<TaskWatcher>();

  /** @throws TypeError or RangeError if an option is not valid */
  constructor(defaults: TasksOptions = {}) {
    checkOptions("Tasks", defaults, [...TASK_OPTIONS, "module"]);
    const { module, ...options } = defaults;
    checkTaskOptions("Tasks", options);
    if (module !== undefined) checkModule(module);
    this.#defaults = Object.freeze({ ...defaults });
  }

  /**
   * Registers a function as a task.
   *
   * @param name - unique among the tasks of an engine; jobs carry it
   * @throws TypeError if an argument is of the wrong type
   * @throws RangeError if the name is empty or taken, or an option is out of range
   */
  task<Fn extends TaskFunction>(name: string, fn: Fn): TaskOf<Fn>;
  task<Fn extends TaskFunction>(name: string, options: TaskOptions, fn: Fn): TaskOf<Fn>;
  /** @internal */
  task<Fn extends TaskFunction>(name: string, optionsOrFn: TaskOptions | Fn, fn?: Fn): TaskOf<Fn>;
  task(name: string, optionsOrFn: TaskOptions | TaskFunction, fnOrNothing?: TaskFunction): Task {
    const [options, fn] =
      typeof optionsOrFn === "function" ? [{}, optionsOrFn] : [optionsOrFn, fnOrNothing];
    checkName("task: name", name);
    if (typeof optionsOrFn === "function" && fnOrNothing !== undefined) {
      throw new TypeError(`task "${name}": options come before the function`);
    }
    if (options === undefined) checkTaskFunction(name, fn);
    checkOptions(`task "${name}"`, options, TASK_OPTIONS);
    checkTaskFunction(name, fn);
    return makeTask(this.#add(name, options, fn), fn, {});
  }

  /**
   * Names a task whose function lives elsewhere, in another package or in Python, so that this
   * program can schedule it. Options give the queue, retries and timeout of its jobs.
   *
   * @throws TypeError or RangeError as `task` does
   *
   * @example
   * const resize = tasks.declare<[file: string, options: { width: number }]>("resize");
   * await spin.schedule(resize, "cat.png", kwargs({ width: 200 }));
   */
  declare<Args extends unknown[]>(
    name: string,
    options: JobOptions = {},
  ): Task<Args, Promise<unknown>> {
    checkName("task: name", name);
    checkOptions(`task "${name}"`, options, JOB_OPTIONS);
    const definition = this.#add(name, options, undefined);
    return makeTask<Args, Promise<unknown>>(definition, missingFunction(name), {});
  }

  /** @internal Returns how to stop watching. */
  watch(watcher: TaskWatcher): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  /** @internal */
  get definitions(): readonly TaskDefinition[] {
    return [...this.#definitions.values()];
  }

  #add(name: string, options: TaskOptions, fn: TaskFunction | undefined): TaskDefinition {
    if (this.#definitions.has(name)) {
      throw new RangeError(`task: a task named "${name}" is already registered, pick another name`);
    }
    const definition = this.#define(name, options, fn);
    for (const watcher of this.#watchers) watcher.check(definition);
    this.#definitions.set(name, definition);
    for (const watcher of this.#watchers) watcher.added(definition);
    return definition;
  }

  #define(name: string, options: TaskOptions, fn: TaskFunction | undefined): TaskDefinition {
    const merged = { ...this.#defaults, ...definedOnly(options) };
    const checked = checkTaskOptions(`task "${name}"`, merged);
    const definition: TaskDefinition = {
      name,
      queue: checked.queue ?? DEFAULT_QUEUE,
      maxRetries: checked.maxRetries ?? 0,
      timeoutMs: checked.timeout,
      // A limit and a period belong to whoever has the function, not to who only names the task.
      periodicityMs: fn === undefined ? undefined : merged.periodicity,
      maxConcurrency: fn === undefined ? undefined : merged.maxConcurrency,
      requiredArgs: merged.requiredArgs ?? fn?.length ?? 0,
      fn,
      module: this.#defaults.module,
    };
    if (definition.periodicityMs !== undefined && definition.requiredArgs > 0) {
      throw new RangeError(
        `task "${name}": a periodic task is called without arguments, ` +
          `but its function needs ${definition.requiredArgs}`,
      );
    }
    return definition;
  }
}

/** @throws TypeError */
function checkTaskFunction(name: string, fn: unknown): asserts fn is TaskFunction {
  if (typeof fn === "function") return;
  const problem = fn === undefined ? "its function is missing" : "its last argument is no function";
  throw new TypeError(
    `task "${name}": ${problem}: expected a name, options if there are any, and a function, ` +
      `such as task("${name}", async () => { ... }), got ${describe(fn)}`,
  );
}

/** A path would mean another file from wherever it is imported. */
function checkModule(module: unknown): void {
  if (typeof module === "object" && module !== null) {
    throw new TypeError(
      `Tasks: module must be a string: pass import.meta.url, got ${describe(module)}`,
    );
  }
  const name = checkName("Tasks: module", module);
  if (!/^(?:[./\\]|[A-Za-z]:[/\\])/.test(name)) return;
  throw new RangeError(
    `Tasks: module must be a URL or the name of a package, got the path "${name}": use import.meta.url`,
  );
}

function checkTaskOptions(owner: string, options: TaskOptions): JobOptions {
  const { periodicity, maxConcurrency, requiredArgs } = options;
  if (periodicity !== undefined) {
    checkInteger(`${owner}: periodicity`, periodicity, { min: 1, max: MAX_PERIOD_MS, unit: "ms" });
  }
  if (maxConcurrency !== undefined) {
    checkInteger(`${owner}: maxConcurrency`, maxConcurrency, { min: 1, max: MAX_COUNT });
  }
  if (requiredArgs !== undefined) {
    checkInteger(`${owner}: requiredArgs`, requiredArgs, { min: 0, max: MAX_PARAMETERS });
  }
  return checkJobOptions(owner, options);
}

function missingFunction(name: string): () => never {
  return () => {
    throw new TypeError(
      `task "${name}" is only declared here: schedule it, or call it where its function lives`,
    );
  };
}

/** Beside the tasks, which users see and print. */
const definitions = new WeakMap<object, TaskDefinition>();

/** @internal What its registry says of a task; `undefined` of one from another copy of this package. */
export function definitionOf(task: object): TaskDefinition | undefined {
  return definitions.get(task);
}

function makeTask<Args extends unknown[], Result>(
  definition: TaskDefinition,
  fn: (...args: Args) => Result,
  jobOptions: JobOptions,
): Task<Args, Result> {
  const { name } = definition;
  const call = (...args: Args): Result => fn(...args);
  const task = Object.assign(call, {
    taskName: name,
    jobOptions,
    with: (options: JobOptions): Task<Args, Result> => {
      const owner = `task "${name}".with`;
      checkOptions(owner, options, JOB_OPTIONS);
      return makeTask(definition, fn, { ...jobOptions, ...checkJobOptions(owner, options) });
    },
  });
  definitions.set(task, definition);
  return task;
}
