import type { Mutant } from "../mutant.ts";

const ARBITER = "src/engine/arbiter.ts";
const OUTBOX = "src/engine/outbox.ts";
const LEASE_TEST = "test/engine/lease.test.ts";
const OUTBOX_TEST = "test/engine/outbox.test.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "what was claimed before the lease was lost is run",
    file: ARBITER,
    from: "if (leases === this.#leases) this.#inOwnContext",
    to: "this.#inOwnContext",
    test: LEASE_TEST,
  },
  {
    kind: "an outcome of a lost lease is told",
    file: ARBITER,
    from: "    this.#outbox.clear();\n",
    to: "",
    test: LEASE_TEST,
  },
  {
    kind: "what a call brought that began before the lease was lost is given back",
    file: ARBITER,
    from: "    if (leases !== this.#leases) return;\n",
    to: "",
    test: LEASE_TEST,
  },
  {
    kind: "a loop that starves timers and sockets",
    file: ARBITER,
    from: "      if (this.#yielder.isDue) await this.#yielder.yield();\n",
    to: "",
    test: "test/engine/fairness.test.ts",
  },
  {
    kind: "a clock that was set back silences what is planned",
    file: "src/engine/tick-plan.ts",
    from: "Math.min(dueAtMs, this.#tickedAtMs + TICK_EVERY_MS)",
    to: "dueAtMs",
    test: "test/engine/clock.test.ts",
  },
  {
    kind: "outcomes out of order",
    file: OUTBOX,
    from: "[...other.#waiting, ...this.#waiting]",
    to: "[...this.#waiting, ...other.#waiting]",
    test: OUTBOX_TEST,
  },
  {
    kind: "outcomes out of order",
    file: OUTBOX,
    from: "[...this.#underway, ...this.#waiting];",
    to: "[...this.#waiting, ...this.#underway];",
    test: OUTBOX_TEST,
  },
  {
    kind: "a second look that is forgotten at a change of workers",
    file: OUTBOX,
    from: "    this.#lookAgainAtMs = Math.min(this.#lookAgainAtMs, other.#lookAgainAtMs);\n",
    to: "",
    test: OUTBOX_TEST,
  },
  {
    kind: "more jobs are claimed than there are slots",
    file: ARBITER,
    from: "if (!this.#sleeper.isAsleep || !this.#isIdle()",
    to: "if (!this.#isIdle()",
    test: "test/engine/claims.test.ts",
  },
  {
    kind: "jobs are claimed before their tasks are registered",
    file: ARBITER,
    from: "|| !this.#isIdle() || !this.#upkeep.isRegistered) return undefined;",
    to: "|| !this.#isIdle()) return undefined;",
    test: "test/engine/claims.test.ts",
  },
  {
    kind: "an error that is swallowed",
    file: ARBITER,
    from: "    if (reply.refusal !== undefined) throw reply.refusal;\n",
    to: "",
    test: "test/engine/faults.test.ts",
  },
  {
    kind: "a batch for a broker that is not started",
    file: "src/engine/scheduler.ts",
    from: "    await this.#parts.open();\n    for (",
    to: "    for (",
    test: "test/engine/engine.test.ts",
  },
  {
    kind: "a job of another time than its own",
    file: "src/engine/scheduler.ts",
    from: "Math.min(this.#order + 1, LAST_IN_MS)",
    to: "this.#order + 1",
    test: "test/engine/engine.test.ts",
  },
  {
    kind: "receivers that come while an event is sent",
    file: "src/signals/signals.ts",
    from: "Array.from(this.#receivers[name])",
    to: "this.#receivers[name]",
    test: "test/signals/signals.test.ts",
  },
  {
    kind: "a reason to end a job that another one replaces",
    file: "src/workers/execution.ts",
    from: "if (this.#finished || this.#reason !== undefined) return;",
    to: "if (this.#finished) return;",
    test: "test/workers/async-workers.test.ts",
  },
];
