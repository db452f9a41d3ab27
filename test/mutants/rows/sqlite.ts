import type { Mutant } from "../mutant.ts";

const GUARD = "src/brokers/sqlite/file-guard.ts";
const GUARD_TEST = "test/brokers/sqlite/file-guard.test.ts";
const BELL = "src/brokers/sqlite/wake-bell.ts";
const BELL_TEST = "test/brokers/sqlite/wake-bell.test.ts";

const BAD_ROWS = "test/brokers/sqlite/bad-rows.test.ts";
const LARGE_JOBS = "test/brokers/sqlite/large-jobs.test.ts";
const LIFECYCLE = "test/lifecycle/stop-at-each-await.test.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "a removed log is not noticed",
    file: GUARD,
    from: "if (fstatSync(this.#log).nlink === 0)",
    to: "if (fstatSync(this.#log).nlink < 0)",
    test: GUARD_TEST,
    title: "log",
  },
  {
    kind: "a commit is promised without a look after it",
    file: "src/brokers/sqlite/transactions.ts",
    from: "if (begin === WRITE) guard.checkLast();",
    to: "",
    test: GUARD_TEST,
    title: "within a transaction",
  },
  {
    kind: "a refused job is in the file",
    file: "src/brokers/sqlite/transactions.ts",
    from: "guard.checkFirst();",
    to: "",
    test: GUARD_TEST,
    title: "renamed",
  },
  {
    kind: "a second library is not looked for",
    file: GUARD,
    from: "return first.length > 1;",
    to: "return first.length > 2;",
    test: GUARD_TEST,
    title: "second library",
  },
  {
    kind: "another file is taken for the same",
    file: GUARD,
    from: "if (found.ino === this.#database.ino && found.dev === this.#database.dev) return;",
    to: "if (found.dev === this.#database.dev) return;",
    test: GUARD_TEST,
    title: "replaced",
  },
  {
    kind: "a heartbeat thread makes a file anew that was deleted",
    file: "src/brokers/sqlite/heartbeat-entry.ts",
    from: "mustExist: true",
    to: "mustExist: false",
    test: GUARD_TEST,
    title: "idle workers",
  },
  {
    kind: "a convenience is opened like a necessity",
    file: "src/brokers/sqlite/open-file.ts",
    from: "this.bell.open();\n    } catch (error) {",
    to: "this.bell.open();\n    } catch (error) {\n      throw error;",
    test: BELL_TEST,
  },
  {
    kind: "a side file without the mode of the database",
    file: BELL,
    from: "fchmodSync(file, mode & PERMISSIONS);",
    to: "fchmodSync(file, mode & OWN);",
    test: BELL_TEST,
  },
  {
    kind: "a side file is opened through a link",
    file: BELL,
    from: "constants.O_RDWR | (constants.O_NOFOLLOW ?? 0)",
    to: "constants.O_RDWR",
    test: BELL_TEST,
  },
  {
    kind: "a log that readers keep is told of at each look",
    file: "src/brokers/sqlite/log-watch.ts",
    from: "this.#wasTold = true;",
    to: "",
    test: "test/brokers/sqlite/log-watch.test.ts",
  },
  {
    kind: "a continuation in an object that was stopped",
    file: "src/brokers/sqlite/outside.ts",
    from: "if (this.#hasStopped) throw notStarted(this.#parts.path);",
    to: "",
    test: LIFECYCLE,
    title: "SQLite",
  },
  {
    kind: "a stop that leaves the start to itself",
    file: "src/brokers/sqlite/session.ts",
    from: "await Promise.allSettled([this.#opening])",
    to: "await Promise.allSettled([Promise.reject(this.#notStarted)])",
    test: LIFECYCLE,
    title: "SqliteBroker",
  },
  {
    kind: "a timer of a wait outlives the stop",
    file: "src/brokers/sqlite/while-busy.ts",
    from: "timer.cancel();",
    to: "",
    test: LIFECYCLE,
    title: "locked",
  },
  {
    kind: "a bad row keeps all others from being read",
    file: "src/brokers/sqlite/transactions.ts",
    from: "if (!isBadRow(error) || !(await this.#mend(patience))) throw",
    to: "throw",
    test: BAD_ROWS,
  },
  {
    kind: "a row without its job is passed over",
    file: "src/brokers/sqlite/job-places.ts",
    from: "FROM spinach_ready LEFT JOIN",
    to: "FROM spinach_ready CROSS JOIN",
    test: BAD_ROWS,
  },
  {
    kind: "a period that is none",
    file: "src/brokers/sqlite/task-statements.ts",
    from: "if (periodicityMs < 1) throw",
    to: "if (periodicityMs < -9) throw",
    test: BAD_ROWS,
  },
  {
    kind: "a quarantine without a bound",
    file: "src/brokers/sqlite/exchange.ts",
    from: "malformed.length > 0 ? boundQuarantine(work) : 0",
    to: "0",
    test: BAD_ROWS,
  },
  {
    kind: "jobs of a bad row of a broker are lost",
    file: "src/brokers/sqlite/bad-rows.ts",
    from: "rescue(work, nobody);",
    to: "",
    test: BAD_ROWS,
  },
  {
    kind: "the last ring of a burst is lost",
    file: BELL,
    from: "afterPromises(this.#ringLast);",
    to: "",
    test: BELL_TEST,
  },
  {
    kind: "a burst that lasts rings once",
    file: BELL,
    from: "nowMs - this.#rangAtMs >= RING_EVERY_MS",
    to: "this.#rangAtMs === -Infinity",
    test: BELL_TEST,
  },
  {
    kind: "a fetch without a bound of bytes",
    file: "src/brokers/sqlite/byte-room.ts",
    from: "bytes <= this.#left ||",
    to: "bytes >= 0 ||",
    test: LARGE_JOBS,
  },
  {
    kind: "a fetch that says it was all when bytes ended it",
    file: "src/brokers/sqlite/exchange.ts",
    from: "if (waiting.length < room.most && !room.bytes.isFull) return false;",
    to: "if (waiting.length < room.most) return false;",
    test: LARGE_JOBS,
  },
  {
    kind: "reconcile reads and gives what is known",
    file: "src/brokers/sqlite/brokers-table.ts",
    from: "rows.filter((job) => !known.has(job)).map",
    to: "rows.filter((job) => known.has(job)).map",
    test: LARGE_JOBS,
  },
];
