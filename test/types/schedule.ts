/** Compiled, never run: what the compiler must accept and refuse in calls that schedule. */
import {
  Batch,
  currentEngine,
  Engine,
  kwargs,
  type Kwargs,
  MemoryBroker,
  type Job,
  Tasks,
} from "../../src/index.ts";

const spin = new Engine(new MemoryBroker());
const tasks = new Tasks();
const batch = new Batch();
const at = new Date();

const none = spin.task("none", () => 1);
const two = spin.task("two", async (count: number, name: string) => `${name}${count}`);
const optional = spin.task("optional", (count: number, name?: string) => name ?? count);
const rest = spin.task("rest", { queue: "q" }, (first: string, ...others: number[]) => [
  first,
  others,
]);
const options = tasks.task("options", (file: string, size: { width: number; height?: number }) => {
  void [file, size];
});
const optionalOptions = tasks.task("optionalOptions", (file: string, size?: { width: number }) => {
  void [file, size];
});
const byDefault = spin.task("byDefault", (count: number, step = 1) => count + step);
const generic = spin.task("generic", <Item>(items: readonly Item[]) => items.at(0));
const declared = tasks.declare<[file: string, size: { width: number }]>("declared");
const python = tasks.declare<[number, Kwargs<{ k: number }>]>("python");

export async function accepted(): Promise<void> {
  const job: Job = await spin.schedule(none);
  await spin.schedule(two, 1, "a");
  await spin.schedule(optional, 1);
  await spin.schedule(optional, 1, "a");
  await spin.schedule(byDefault, 1);
  await spin.schedule(byDefault, 1, 2);
  await spin.schedule(generic, ["a"]);
  await spin.schedule(rest, "a");
  await spin.schedule(rest, "a", 1, 2, 3);
  await spin.schedule(options, "a", { width: 1 });
  await spin.schedule(options, "a", kwargs({ width: 1 }));
  await spin.schedule(options, "a", kwargs({ width: 1, height: 2 }));
  await spin.schedule(optionalOptions, "a");
  await spin.schedule(optionalOptions, "a", kwargs({ width: 1 }));
  await spin.schedule(declared, "a", kwargs({ width: 1 }));
  await spin.schedule(python, 1, kwargs({ k: 2 }));
  await spin.schedule("two", 1, "anything", kwargs({ goes: true }));
  await spin.schedule(two.with({ queue: "other", maxRetries: 3, timeout: 10 }), 1, "a");
  await spin.scheduleAt(two, at, 1, "a");
  await spin.scheduleIn(two, 60_000, 1, "a");
  batch
    .schedule(two, 1, "a")
    .scheduleAt(rest, at, "a", 1)
    .schedule("two", 1)
    .scheduleIn(two, 5, 1, "a");
  const text: string = await spin.execute(two, 1, "a");
  const number: number = await spin.execute(none);
  const direct: Promise<string> = two(1, "a");
  const taskName: string = two.taskName;
  void [job, text, number, direct, taskName];
}

export async function acceptedInTasks(): Promise<void> {
  const engine = currentEngine();
  // @ts-expect-error outside a task there is none
  void engine.schedule;
  if (engine === undefined) return;
  const job: Job = await engine.schedule(two, 1, "a");
  const later: Job = await engine.scheduleAt(options, at, "a", kwargs({ width: 1 }));
  const sync: Job = engine.scheduleSync(rest, "a", 1, 2);
  const syncLater: Job = engine.scheduleAtSync("two", at, "anything");
  const delayed: Job = await engine.scheduleIn(two, 5, 1, "a");
  const syncDelayed: Job = engine.scheduleInSync(rest, 5, "a", 1);
  void [job, later, sync, syncLater, delayed, syncDelayed];
  // @ts-expect-error the time is missing
  await engine.scheduleIn(two, "a");
  // @ts-expect-error a missing argument
  await engine.schedule(two, 1);
  // @ts-expect-error a wrong type
  await engine.scheduleAt(two, at, "1", "a");
  // @ts-expect-error the date is missing
  await engine.scheduleAt(two, 1, "a");
  // @ts-expect-error a wrong keyword
  engine.scheduleSync(options, "a", kwargs({ wide: 1 }));
  // @ts-expect-error not a date
  engine.scheduleAtSync(two, 123, 1, "a");
}

export async function refused(): Promise<void> {
  // @ts-expect-error an argument too many
  await spin.schedule(none, 1);
  // @ts-expect-error a missing argument
  await spin.schedule(two, 1);
  // @ts-expect-error no argument at all
  await spin.schedule(two);
  // @ts-expect-error a wrong type
  await spin.schedule(two, "1", "a");
  // @ts-expect-error a wrong type in second place
  await spin.schedule(two, 1, 2);
  // @ts-expect-error an argument too many
  await spin.schedule(two, 1, "a", true);
  // @ts-expect-error a wrong optional
  await spin.schedule(optional, 1, 2);
  // @ts-expect-error a wrong type for a parameter that is typed by its default
  await spin.schedule(byDefault, 1, "2");
  // @ts-expect-error a missing first
  await spin.schedule(optional);
  // @ts-expect-error a wrong rest
  await spin.schedule(rest, "a", 1, "2");
  // @ts-expect-error a wrong keyword
  await spin.schedule(options, "a", kwargs({ wide: 1 }));
  // @ts-expect-error a keyword of a wrong type
  await spin.schedule(options, "a", kwargs({ width: "1" }));
  // @ts-expect-error a missing keyword
  await spin.schedule(options, "a", kwargs({}));
  // @ts-expect-error keywords for a function whose last argument is not an object
  await spin.schedule(two, 1, kwargs({ name: "a" }));
  // @ts-expect-error a wrong type of a declared task
  await spin.schedule(declared, 1, { width: 1 });
  // @ts-expect-error a wrong keyword of a Python task
  await spin.schedule(python, 1, kwargs({ k: "2" }));
  // @ts-expect-error not a date
  await spin.scheduleAt(two, 123, 1, "a");
  // @ts-expect-error the date is missing
  await spin.scheduleAt(two, 1, "a");
  // @ts-expect-error a wrong type at a date
  await spin.scheduleAt(two, at, "1", "a");
  // @ts-expect-error a missing argument in a batch
  batch.schedule(two, 1);
  // @ts-expect-error a wrong type in a batch
  batch.scheduleAt(two, at, 1, 2);
  // @ts-expect-error an extra argument
  await spin.execute(none, 1);
  // @ts-expect-error a wrong result type
  const wrong: number = await spin.execute(two, 1, "a");
  // @ts-expect-error called directly with a wrong type
  void two("1", "a");
  // @ts-expect-error not an option of a task
  tasks.task("typo", { retries: 3 }, () => 1);
  // @ts-expect-error not an option of a job
  two.with({ periodicity: 3 });
  // @ts-expect-error a plain function is not a task
  await spin.schedule(() => 1);
  // @ts-expect-error not an event
  spin.on("jobDone", () => 1);
  spin.on("jobFailed", (event) => {
    // @ts-expect-error a worker's field in a job's event
    void event.workerName;
  });
  void wrong;
}
