import type { Mutant } from "../mutant.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "a refused call that only ever settles in microtasks",
    file: "src/engine/scheduler.ts",
    from: "return stored.job;\n    } catch (error) {\n      return turn.refuse(error);",
    to: "return stored.job;\n    } catch (error) {\n      throw error;",
    test: "test/engine/fairness.test.ts",
  },
  {
    kind: "names from the store that reach a terminal as they are",
    file: "src/brokers/heartbeat/serve-heartbeat.ts",
    from: "tasks.map(printable)",
    to: "tasks",
    test: "test/core/printable.test.ts",
  },
  {
    kind: "names from the store that reach a terminal as they are",
    file: "src/engine/job-reporter.ts",
    from: "jobs.map(({ job }) => printable(job.id))",
    to: "jobs.map(({ job }) => job.id)",
    test: "test/core/printable.test.ts",
  },
];
