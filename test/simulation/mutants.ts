import type { Change } from "../mutants/mutant.ts";

/** A fault that is put into the code, to see that the simulation finds it. */
export interface Mutant {
  /** What is wrong. */
  readonly name: string;
  /** Name of the invariant that must find it. */
  readonly breaks: string;
  readonly changes: readonly FileChange[];
}

interface FileChange extends Change {
  /** Path below `src/`. */
  readonly file: string;
}

const ARBITER = "engine/arbiter.ts";
const OUTBOX = "engine/outbox.ts";
const STORE = "brokers/memory/memory-store.ts";
const EXECUTION = "workers/execution.ts";
const OUTCOME = "core/outcome.ts";

/** A mutant of one place. */
function mutant(name: string, breaks: string, change: FileChange): Mutant {
  return { name, breaks, changes: [change] };
}

/** At least one for each invariant. */
export const MUTANTS: readonly Mutant[] = [
  mutant("a rescue runs at-most-once jobs again", "G1 at most once", {
    file: STORE,
    from: "if (job.retries >= job.maxRetries) {",
    to: "if (job.maxRetries > 0 && job.retries >= job.maxRetries) {",
  }),
  mutant("a reconcile takes in what is known", "G1 outcomes are true", {
    file: ARBITER,
    from: "const known = new Set(all.map(({ job }) => job.id));",
    to: "const known = new Set(all.slice(all.length).map(({ job }) => job.id));",
  }),
  mutant("what a trip brings is started twice", "G1 one start a delivery", {
    file: ARBITER,
    from: "if (definitions === this.#definitions) this.#local.bring(taken);",
    to: "if (definitions === this.#definitions) [taken, taken].map((each) => this.#local.bring(each));",
  }),
  mutant("a retry counts twice", "G1 every attempt counts once", {
    file: OUTCOME,
    from: "const retries = stored.job.retries + 1;",
    to: "const retries = stored.job.retries + 2;",
  }),
  mutant("one attempt too many is made", "G1 every attempt counts once", {
    file: OUTCOME,
    from: "job.retries >= job.maxRetries) {",
    to: "job.retries > job.maxRetries) {",
  }),
  mutant("what is given up counts as done", "G1 outcomes are true", {
    file: EXECUTION,
    from: "this.#finish({ ok: false, error: this.#reason, interrupted: true });",
    to: "this.#finish({ ok: true, value: undefined });",
  }),
  mutant("what is put back is dropped", "G1 nothing is lost", {
    file: STORE,
    from: "for (const stored of released.toReversed()) this.#putBack(stored);",
    to: "",
  }),
  mutant("schedule() does not wait for the broker", "G1 nothing is lost", {
    file: "engine/scheduler.ts",
    from: "await this.#parts.broker.enqueue([stored]);",
    to: "this.#parts.broker.enqueue([stored]).catch(() => {});",
  }),
  mutant("an outcome that is told twice settles twice", "G2 nothing is doubled", {
    file: STORE,
    from: "if (!running.delete(stored.job.id)) continue;",
    to: "running.delete(stored.job.id);",
  }),
  mutant("a schedule trip that is repeated counts again", "G2 nothing is doubled", {
    file: "testing/simulation/simulated-server.ts",
    from: "if (this.#trips.has(trip)) return undefined;",
    to: "",
  }),
  mutant("a retry writes its arguments anew", "G3 arguments stay as they are", {
    file: "core/job-codec.ts",
    from: "wire: head + rest };",
    to: "wire: (head + rest).replace('\"none\":[]', '\"none\":{}') };",
  }),
  mutant("a failed trip is not looked into", "G4 a lost reply loses nothing", {
    file: OUTBOX,
    from: "this.#lookAtMs = nowMs;",
    to: "",
  }),
  mutant("a request that comes late is not looked for", "G4 a lost reply loses nothing", {
    file: OUTBOX,
    from: "this.#lookAgainAtMs = nowMs + LATE_EFFECT_MS;",
    to: "",
  }),
  mutant(
    "what a process took as it scheduled it is not looked for",
    "G4 a lost reply loses nothing",
    {
      file: ARBITER,
      from: "if (taken === undefined) {\n      this.#outbox.mustLook(this.#parts.runtime.clock.monotonic());",
      to: "if (taken === undefined) {",
    },
  ),
  mutant("a claim is waited for without end", "G4 a lost reply loses nothing", {
    file: "engine/bounded-broker.ts",
    from: 'const endWait = this.#deadlines.start({ name: "claim" }, () => {\n      conclude(undefined);\n    });',
    to: "const endWait = (): void => undefined;",
  }),
  mutant("a stop does not wait for what is claimed", "G4 a lost reply loses nothing", {
    file: ARBITER,
    from: 'if (this.#state !== "flushing" || this.#isClaiming) return false;',
    to: 'if (this.#state !== "flushing") return false;',
  }),
  mutant("a stop forgets what it could not tell", "G4 a lost reply loses nothing", {
    file: ARBITER,
    from: "(this.#isQuiet() && this.#outbox.lookAtMs === Infinity);",
    to: '(this.#state === "flushing" && this.#outbox.isEmpty);',
  }),
  mutant("a request counts though it comes after a later one", "G1 every attempt counts once", {
    file: "testing/simulation/simulated-server.ts",
    from: "if (trip < (this.#lastTrips.get(brokerId) ?? 0)) return SUPERSEDED;",
    to: "",
  }),
  mutant("a limit is counted down twice", "G5 limits are kept", {
    file: "brokers/memory/concurrency-limits.ts",
    from: "task.running -= 1;",
    to: "task.running -= 2;",
  }),
  mutant(
    "of two releases the one that speaks last counts",
    "G5 of two releases the last one counts",
    {
      file: "brokers/definition-owner.ts",
      from: "owner.joinNumber > joinNumber &&",
      to: "owner.joinNumber < joinNumber &&",
    },
  ),
  mutant("jobs are taken before limits are stated", "G5 limits are kept", {
    file: ARBITER,
    from: "!this.#upkeep.isRegistered || this.#isClaiming",
    to: "this.#isClaiming",
  }),
  mutant("a rescue keeps the places of the dead", "G5 counts do not drift", {
    file: STORE,
    from: "      const { job } = stored;\n      this.#freePlace(job.taskName);",
    to: "      const { job } = stored;",
  }),
  mutant("a lease is never checked", "G8 who lost its lease is fenced", {
    file: STORE,
    from: "const running = this.#running.get(brokerId);",
    to: "const running = this.#running.get(brokerId) ?? (this.join(brokerId), this.#running.get(brokerId));",
  }),
  mutant("a lost lease is not told to tasks", "G8 signals of lost jobs abort", {
    file: ARBITER,
    from: "workers.abort(({ job }) => new LeaseLostError(job.taskName));",
    to: "",
  }),
  mutant("the last job is taken first", "G9 first in, first out", {
    file: STORE,
    from: "else this.#queue(stored.job.queue).pushBack(stored.wire);",
    to: "else this.#queue(stored.job.queue).pushFront(stored.wire);",
  }),
  mutant("future jobs are ready 100 ms early", "G9 never early", {
    file: "brokers/memory/future-jobs.ts",
    from: "first.atMs > nowMs) return undefined;",
    to: "first.atMs > nowMs + 100) return undefined;",
  }),
  mutant("a delay is a date by the clock of who schedules", "G9 never early", {
    file: "testing/simulation/simulated-server.ts",
    from: "delayMs === undefined ? job.at.getTime() : this.#nowMs + delayMs",
    to: "job.at.getTime()",
  }),
  mutant("nobody gets up for due jobs", "G9 on time", {
    file: "engine/tick-plan.ts",
    from: "const dueAtMs = this.#clock.monotonic() + nextDueMs;",
    to: "const dueAtMs = nextDueMs === 0 ? 0 : Infinity;",
  }),
  mutant("missed periods are made up for one by one", "G10 one run a period", {
    file: "brokers/memory/periodic-tasks.ts",
    from: "nextAtMs: nextAtMs + (missed + 1) * periodicityMs });\n        due.push(task);",
    to: "nextAtMs: nextAtMs + Math.min(1, missed + 1) * periodicityMs });\n        due.push(task);",
  }),
  mutant("a periodic task runs once", "G10 periodic tasks go on", {
    file: "brokers/memory/periodic-tasks.ts",
    from: "due.push(task);",
    to: "due.push(task);\n        this.#tasks.delete(name);",
  }),
  mutant("a stop waits for tasks that ignore it", "G11 a stop returns", {
    file: "workers/stop-sequence.ts",
    from: "target.giveUp();",
    to: "",
  }),
  mutant("a stop counts as a failure", "G11 interrupted jobs go back, or fail", {
    file: OUTCOME,
    from: "if (interrupted && error instanceof WorkersStoppedError && isAtLeastOnce(job)) {",
    to: "if (interrupted && error instanceof WorkersStoppedError && !isAtLeastOnce(job)) {",
  }),
  mutant("a call has no deadline", "G12 nobody falls silent", {
    file: "engine/bounded-broker.ts",
    from: "const CALL_TIMEOUT_MS = 30_000;",
    to: "const CALL_TIMEOUT_MS = 30_000_000;",
  }),
  mutant("outcomes of a failed trip are dropped", "G1 outcomes are true", {
    file: OUTBOX,
    from: "this.#waiting = [...this.#underway, ...this.#waiting];",
    to: "",
  }),
  mutant("a timeout aborts nothing", "G14 timeouts are kept", {
    file: EXECUTION,
    from: "this.abort(new JobTimeoutError(this.task.name, timeoutMs));",
    to: "",
  }),
  mutant("what ignores its timeout goes on", "G14 timeouts are kept", {
    file: EXECUTION,
    from: "          this.giveUp();\n        }, timeoutGraceMs);",
    to: "        }, timeoutGraceMs);",
  }),
  mutant("errors lose their class", "G15 errors are ours", {
    file: "engine/scheduler.ts",
    from: "if (done === 0 && error instanceof SpinachError) throw error;",
    to: "if (done === 0 && error instanceof SpinachError) throw new Error(error.message);",
  }),
  mutant("nobody listens when a call is given up", "G15 no rejection is unhandled", {
    file: "platform/deadlines.ts",
    from: "      reply.then(",
    to: "      void reply.then(() => undefined);\n      reply.then(",
  }),
  mutant("a job leaves its timer set", "G15 nothing is left", {
    file: EXECUTION,
    from: "this.#timer?.cancel();",
    to: "",
  }),
];
