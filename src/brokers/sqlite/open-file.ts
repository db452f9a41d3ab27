import { realpathSync } from "node:fs";

import type { Runtime } from "../../platform/runtime.ts";
import type { BrokerContext } from "../broker.ts";
import { dataVersion, openDatabase, shortenLog } from "./database-file.ts";
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
}

/** The file of a broker while it is open, with the means to work on it. */
export class OpenFile {
  readonly space: NamespaceSession;
  readonly wakeUps: WakeUps;
  readonly bell: WakeBell;
  readonly #path: string;
  readonly #runtime: Runtime;
  readonly #sql: SqlSession;
  readonly #transactions: Transactions;
  #seenVersion = 0;

  private constructor(sql: SqlSession, from: OpenFileOptions) {
    const { path, namespace, runtime } = from;
    this.#path = path;
    this.#runtime = runtime;
    this.#sql = sql;
    this.space = new NamespaceSession(sql, namespace);
    // Two paths may lead to one file.
    const file = realpathSync(path);
    this.wakeUps = new WakeUps(`${file}\0${namespace}`);
    this.bell = new WakeBell(bellOf(file));
    this.#transactions = new Transactions({
      sql,
      path,
      patience: patienceOf(from),
      onUndone: () => {
        this.space.forget();
      },
    });
  }

  /** Opens the file, and makes it and its tables if there are none. Rejects with BrokerError. */
  static async open(from: OpenFileOptions): Promise<OpenFile> {
    const { path, options } = from;
    const { synchronous } = options;
    try {
      const sql = await openDatabase({ path, synchronous, patience: patienceOf(from) });
      const file = new OpenFile(sql, from);
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
      this.bell.open();
      this.wakeUps.join();
    } catch (error) {
      this.close();
      throw error;
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
  shortenLog(): void {
    shortenLog(this.#sql, this.#path);
  }

  close(): void {
    this.wakeUps.leave();
    this.bell.close();
    this.#sql.close();
  }

  #work(): Work {
    return { space: this.space, nowMs: this.#runtime.clock.now(), woken: new Woken() };
  }
}

function patienceOf({ runtime, options }: OpenFileOptions): Patience {
  return { runtime, timeoutMs: options.callTimeout };
}
