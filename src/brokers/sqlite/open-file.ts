import { realpathSync } from "node:fs";

import type { Runtime } from "../../platform/runtime.ts";
import type { BrokerContext } from "../broker.ts";
import { setBadRowsAside } from "./bad-rows.ts";
import { holdLog } from "./connection-log.ts";
import { dataVersion, type Log, openDatabase, shortenLog } from "./database-file.ts";
import { FileGuard } from "./file-guard.ts";
import { migrate, refuseNewer } from "./migrations.ts";
import { NamespaceSession } from "./namespace-session.ts";
import type { SqlSession } from "./sql-session.ts";
import type { CheckedSqliteBrokerOptions } from "./sqlite-broker-options.ts";
import { sqliteError } from "./sqlite-errors.ts";
import { Transactions } from "./transactions.ts";
import { bellOf, WakeBell } from "./wake-bell.ts";
import { WakeUps } from "./wake-ups.ts";
import type { Patience } from "./while-busy.ts";
import { type Work, Woken } from "./work.ts";

/** What an open file is opened with. */
export interface OpenFileOptions extends BrokerContext {
  readonly path: string;
  readonly options: CheckedSqliteBrokerOptions;
  /** Whether to make no new file, because another connection of this process should have it open. */
  readonly mustExist?: boolean | undefined;
  /** Ends what waits for its turn, the opening too. Its reason is what that rejects with. */
  readonly ending?: AbortSignal | undefined;
}

/** The file of a broker while it is open, with the means to work on it. */
export class OpenFile {
  readonly space: NamespaceSession;
  readonly wakeUps: WakeUps;
  readonly bell: WakeBell;
  readonly #path: string;
  /** Where it is, without links: two paths may lead to one file. */
  readonly #file: string;
  readonly #runtime: Runtime;
  readonly #sql: SqlSession;
  readonly #guard: FileGuard;
  readonly #transactions: Transactions;
  #seenVersion = 0;

  private constructor(sql: SqlSession, from: OpenFileOptions) {
    const { path, namespace, runtime } = from;
    this.#path = path;
    this.#file = realpathSync(path);
    this.#runtime = runtime;
    this.#sql = sql;
    this.space = new NamespaceSession(sql, namespace);
    this.wakeUps = new WakeUps(`${this.#file}\0${namespace}`);
    this.bell = new WakeBell(this.#file, runtime.clock);
    this.#guard = new FileGuard({
      path,
      file: this.#file,
      clock: runtime.clock,
      log: () => holdLog(this.#file),
      onLost: (err) => {
        // Once a process: a heartbeat thread is told of by the connection beside which it works.
        if (from.mustExist !== true) runtime.logger.error({ err, path }, LOST);
      },
    });
    this.#transactions = new Transactions({
      sql,
      path,
      patience: patienceOf(from),
      guard: this.#guard,
      mend: () => this.#setBadRowsAside(),
      onUndone: () => {
        this.space.forget();
      },
    });
  }

  /** Opens the file, and makes it and its tables if there are none. Rejects with BrokerError. */
  static async open(from: OpenFileOptions): Promise<OpenFile> {
    const { path, options, mustExist } = from;
    const { synchronous } = options;
    try {
      const patience = patienceOf(from);
      const sql = await openDatabase({ path, synchronous, patience, mustExist });
      const file = withDatabase(sql, () => new OpenFile(sql, from));
      await file.#prepare();
      return file;
    } catch (error) {
      throw sqliteError("opening", path, error);
    }
  }

  async #prepare(): Promise<void> {
    try {
      await this.#transactions.write("making the tables", () => {
        migrate(this.#sql, this.#path);
        return this.space.id;
      });
      this.#openBell();
      this.wakeUps.join();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Without it all works, only later. */
  #openBell(): void {
    try {
      this.bell.open();
    } catch (error) {
      const { logger } = this.#runtime;
      logger.warn(
        { err: error, path: bellOf(this.#file) },
        "the file by which processes wake each other cannot be opened: they hear of jobs up to 1 s later; " +
          "let this user write it, or delete it",
      );
    }
  }

  /** Does some work, all or nothing, then wakes whoever it concerns. Rejects with BrokerError. */
  async write<Result>(what: string, body: (work: Work) => Result): Promise<Result> {
    const [result, woken] = await this.#transactions.write(what, () => {
      // Another program may have brought the tables to a version that this one must not touch.
      refuseNewer(this.#sql, this.#path);
      const work = this.#work();
      return [body(work), work.woken] as const;
    });
    this.tell(woken);
    return result;
  }

  /** A last piece of work, which wakes nobody, when whatever else waited for its turn was ended. */
  writeLast<Result>(what: string, body: (work: Work) => Result): Promise<Result> {
    return this.#transactions.writeLast(what, () => {
      refuseNewer(this.#sql, this.#path);
      return body(this.#work());
    });
  }

  /**
   * Whether this is the file that everybody sees, and what is committed to it is kept.
   * @throws BrokerError if not
   */
  check(): void {
    this.#guard.check();
  }

  /** Looks at one moment of the file. Rejects with BrokerError. */
  read<Result>(what: string, body: (work: Work) => Result): Promise<Result> {
    return this.#transactions.read(what, () => {
      refuseNewer(this.#sql, this.#path);
      return body(this.#work());
    });
  }

  /** Wakes whoever a commit concerns, here and elsewhere. */
  tell(woken: Woken): void {
    if (woken.isEmpty) return;
    this.wakeUps.tellPeers(woken);
    this.bell.ring();
  }

  /** Whether somebody else has committed since it was last asked, or may have. */
  hasChanged(): boolean {
    try {
      this.#guard.check();
      const version = dataVersion(this.#sql);
      const hasChanged = version !== this.#seenVersion;
      this.#seenVersion = version;
      return hasChanged;
    } catch {
      // Who asks has nobody to tell; who then looks for jobs meets the same error, and reports it.
      return true;
    }
  }

  /** For a thread that may wait: see `shortenLog`. */
  shortenLog(): Log {
    // What is not this file's must not be brought to it.
    this.#guard.check();
    return shortenLog(this.#sql, this.#file);
  }

  close(): void {
    this.wakeUps.leave();
    this.bell.close();
    this.#guard.close();
    this.#sql.close();
  }

  #setBadRowsAside(): boolean {
    const rows = setBadRowsAside(this.#work());
    const isMended = Object.keys(rows).length > 0;
    if (isMended) {
      this.#runtime.logger.error(
        { rows, quarantine: "spinach_quarantine" },
        "set rows of the SQLite file aside that no process of Spinach can have written: see who else writes its tables",
      );
    }
    return isMended;
  }

  #work(): Work {
    return { space: this.space, nowMs: this.#runtime.clock.now(), woken: new Woken() };
  }
}

const LOST =
  "this process schedules, fetches and settles nothing any more on its SQLite file: do what the error says; what runs " +
  "goes on, and runs again where its end could not be settled";

function patienceOf({ runtime, options, ending }: OpenFileOptions): Patience {
  return { runtime, timeoutMs: options.callTimeout, ending };
}

/** Nothing stays open if what is made with it fails. */
function withDatabase<Made>(sql: SqlSession, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    sql.close();
    throw error;
  }
}
