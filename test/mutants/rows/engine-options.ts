import type { Mutant } from "../mutant.ts";

const ENGINE = "src/engine/engine.ts";
const ENGINE_TEST = "test/engine/engine.test.ts";
const EFFECTS_TEST = "test/engine/option-effects.test.ts";
const RUN_OPTIONS = "src/engine/run-options.ts";
const TASKS = "src/core/tasks.ts";
const TASKS_TEST = "test/core/tasks.test.ts";
const NEW_JOB = "src/core/new-job.ts";
const NEW_JOB_TEST = "test/core/new-job.test.ts";
const ERRORS = "src/core/errors.ts";
const QUEUEY = "src/queue/queuey.ts";
const QUEUEY_OPTIONS = "src/queue/queuey-options.ts";
const QUEUEY_TEST = "test/queue/queuey.test.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "option of an engine ignored: namespace",
    file: ENGINE,
    from: "broker.bind({ namespace, runtime",
    to: "broker.bind({ namespace: DEFAULT_NAMESPACE, runtime",
    test: EFFECTS_TEST,
  },
  {
    kind: "option of an engine ignored: logger",
    file: ENGINE,
    from: "safeLogger(logger ?? runtime.logger)",
    to: "safeLogger(runtime.logger)",
    test: ENGINE_TEST,
  },
  {
    kind: "option of a run ignored: queue",
    file: RUN_OPTIONS,
    from: "return { workers, queue, stop",
    to: "return { workers, queue: DEFAULT_QUEUE, stop",
    test: ENGINE_TEST,
  },
  {
    kind: "option of a run ignored: stopTimeout",
    file: ENGINE,
    from: "signals === 1 ? stopTimeout : 0",
    to: "signals === 1 ? undefined : 0",
    test: "test/engine/process.test.ts",
  },
  {
    kind: "option of a stop ignored: of workers",
    file: "src/engine/workers-run.ts",
    from: "this.#stopping = this.#stopParts(timeout);",
    to: "this.#stopping = this.#stopParts(DEFAULT_STOP_TIMEOUT_MS);",
    test: EFFECTS_TEST,
  },
  {
    kind: "option of a stop ignored: of a second stop",
    file: "src/engine/workers-run.ts",
    from: "else void this.#parts.workers.stop({ timeout });",
    to: "",
    test: EFFECTS_TEST,
  },
  {
    kind: "option of a stop ignored: of all workers",
    file: ENGINE,
    from: ".map((run) => run.stop(options))",
    to: ".map((run) => run.stop())",
    test: EFFECTS_TEST,
  },
  {
    kind: "option of a stop ignored: of close",
    file: ENGINE,
    from: "    await this.stopWorkers(options);\n    await Promise.all([...this.#stopped",
    to: "    await this.stopWorkers();\n    await Promise.all([...this.#stopped",
    test: EFFECTS_TEST,
  },
  {
    kind: "option of a stop ignored: of a second close",
    file: ENGINE,
    from: "    else await this.stopWorkers(options);\n",
    to: "",
    test: EFFECTS_TEST,
  },
  {
    kind: "option of a task ignored: queue",
    file: TASKS,
    from: "queue: checked.queue ?? DEFAULT_QUEUE",
    to: "queue: DEFAULT_QUEUE",
    test: TASKS_TEST,
  },
  {
    kind: "option of a task ignored: maxRetries",
    file: TASKS,
    from: "maxRetries: checked.maxRetries ?? 0",
    to: "maxRetries: 0",
    test: TASKS_TEST,
  },
  {
    kind: "option of a task ignored: timeout",
    file: TASKS,
    from: "timeoutMs: checked.timeout,",
    to: "timeoutMs: undefined,",
    test: TASKS_TEST,
  },
  {
    kind: "option of a task ignored: periodicity",
    file: TASKS,
    from: "fn === undefined ? undefined : merged.periodicity",
    to: "undefined",
    test: TASKS_TEST,
  },
  {
    kind: "option of a task ignored: maxConcurrency",
    file: TASKS,
    from: "fn === undefined ? undefined : merged.maxConcurrency",
    to: "undefined",
    test: TASKS_TEST,
  },
  {
    kind: "option of a task ignored: requiredArgs",
    file: TASKS,
    from: "merged.requiredArgs ?? fn?.length ?? 0",
    to: "fn?.length ?? 0",
    test: TASKS_TEST,
  },
  {
    kind: "option of a registry ignored: module",
    file: TASKS,
    from: "module: this.#defaults.module,",
    to: "module: undefined,",
    test: "test/workers/threads/thread-packages.test.ts",
  },
  {
    kind: "option of a registry ignored: what its tasks get",
    file: TASKS,
    from: "{ ...this.#defaults, ...definedOnly(options) }",
    to: "{ ...definedOnly(options) }",
    test: TASKS_TEST,
  },
  {
    kind: "option of a declared task ignored",
    file: TASKS,
    from: "this.#add(name, options, undefined)",
    to: "this.#add(name, {}, undefined)",
    test: TASKS_TEST,
  },
  {
    kind: "option of a declared task ignored: timeout",
    file: NEW_JOB,
    from: "(isRunnable(definition) ? undefined : definition.timeoutMs)",
    to: "undefined",
    test: NEW_JOB_TEST,
  },
  {
    kind: "option of a job ignored: queue",
    file: NEW_JOB,
    from: "options.queue ?? definition.queue",
    to: "definition.queue",
    test: NEW_JOB_TEST,
  },
  {
    kind: "option of a job ignored: maxRetries",
    file: NEW_JOB,
    from: "options.maxRetries ?? definition.maxRetries",
    to: "definition.maxRetries",
    test: NEW_JOB_TEST,
  },
  {
    kind: "option of a job ignored: timeout",
    file: NEW_JOB,
    from: "options.timeout ?? (",
    to: "(",
    test: NEW_JOB_TEST,
  },
  {
    kind: "option of a job ignored: those of a first with()",
    file: TASKS,
    from: "{ ...jobOptions, ...checkJobOptions(owner, options) }",
    to: "{ ...checkJobOptions(owner, options) }",
    test: TASKS_TEST,
  },
  {
    kind: "option of RetryError ignored: at",
    file: ERRORS,
    from: 'this.at = at === undefined ? undefined : checkDate("RetryError: at", at);',
    to: "this.at = undefined;",
    test: "test/engine/promises.test.ts",
  },
  {
    kind: "option of RetryError ignored: cause",
    file: ERRORS,
    from: "    const { at, cause } = options;\n    super(message, cause === undefined ? undefined : { cause });",
    to: "    const { at } = options;\n    super(message);",
    test: "test/core/errors.test.ts",
  },
  {
    kind: "option of Queuey ignored: maxSize",
    file: QUEUEY_OPTIONS,
    from: "    maxSize,\n    slotBytes: Math",
    to: "    maxSize: Math.max(maxSize, 100),\n    slotBytes: Math",
    test: QUEUEY_TEST,
    title: "a place is taken from the put until",
  },
  {
    kind: "option of Queuey ignored: slotBytes",
    file: QUEUEY_OPTIONS,
    from: "Math.ceil(slotBytes / 8) * 8",
    to: "Math.ceil(DEFAULTS.slotBytes / 8) * 8",
    test: QUEUEY_TEST,
  },
  {
    kind: "option of Queuey ignored: maxBytes",
    file: QUEUEY_OPTIONS,
    from: "Math.ceil(maxBytes / PAGE_BYTES)",
    to: "Math.ceil(DEFAULTS.maxBytes / PAGE_BYTES)",
    test: QUEUEY_TEST,
    title: "a value that can never fit is refused",
  },
  {
    kind: "option of Queuey ignored: timeout",
    file: QUEUEY,
    from: "return checkDuration(`Queuey.${name}: timeout`, timeout, ANY_DURATION);",
    to: "return checkDuration(`Queuey.${name}: timeout`, timeout, ANY_DURATION) && 0;",
    test: QUEUEY_TEST,
  },
  {
    kind: "option of Queuey ignored: signal",
    file: QUEUEY,
    from: "  return signal;\n}",
    to: "  return undefined;\n}",
    test: QUEUEY_TEST,
  },
];
