import { BrokerError } from "../../core/errors.ts";
import type { StoredJob } from "../../core/job.ts";
import type { TaskDefinition } from "../../core/task.ts";
import { LoopTurn } from "../../platform/loop-turn.ts";
import {
  type Broker,
  type BrokerContext,
  type Due,
  type ExchangeReply,
  type ExchangeRequest,
  MAX_JOBS_PER_CALL,
  type ReconcileRequest,
  type RescueReply,
  type WakeUpListener,
} from "../broker.ts";
import { ApplicationTransactions } from "./application-transactions.ts";
import { findBroker, heldBut, rescue, rescueAll } from "./brokers-table.ts";
import { exchange, type Exchanged, hasJobs } from "./exchange.ts";
import { flush } from "./flush.ts";
import { GroupCommit } from "./group-commit.ts";
import { isQueueEmpty } from "./is-queue-empty.ts";
import { JobPlaces } from "./job-places.ts";
import type { Member } from "./member.ts";
import { nextDueMs } from "./next-due.ts";
import type { OpenFile } from "./open-file.ts";
import { isMember, Session } from "./session.ts";
import {
  type CheckedSqliteBrokerOptions,
  checkPath,
  checkSqliteBrokerOptions,
  type SqliteBrokerOptions,
} from "./sqlite-broker-options.ts";
import { runPeriodic, stateTasks } from "./task-statements.ts";
import { notStarted } from "./transactions.ts";
import { ringAt } from "./wake-bell.ts";

interface Bound extends BrokerContext {
  readonly group: GroupCommit;
}

/**
 * A broker on a file, for any number of processes on one machine, without a server. The file may be that of
 * an application: all tables are prefixed with `spinach_`.
 *
 * @example
 * const spin = new Engine(new SqliteBroker("app.db"));
 */
export class SqliteBroker implements Broker {
  readonly #path: string;
  readonly #options: CheckedSqliteBrokerOptions;
  readonly #leaseLostListeners = new Set<() => void>();
  readonly #wakeUpListeners = new Set<WakeUpListener>();
  #bound: Bound | undefined;
  #id = "";
  /** Of this process, from its first registration on. */
  #joinNumber = 0;
  #isAlone = false;
  /** How often it was stopped: a start that was under way then is over. */
  #stops = 0;
  #stopping: Promise<void> | undefined;
  #session: Session | undefined;
  /** Who it was when it stopped, as long as it held jobs then. */
  #member: Member | undefined;
  #application: ApplicationTransactions | undefined;

  /**
   * @param path - of the file, which is made if there is none
   * @throws TypeError or RangeError if the path or an option is not valid
   */
  constructor(path: string, options: SqliteBrokerOptions = {}) {
    this.#path = checkPath(path);
    this.#options = checkSqliteBrokerOptions(options);
  }

  /**
   * @internal A broker on a file that no other process has: it starts no heartbeat thread and watches no file,
   * so that all it does happens when it is called, on its runtime's clock. Those of one process hear of each
   * other's commits. For simulations.
   */
  static alone(path: string, options: SqliteBrokerOptions = {}): SqliteBroker {
    const broker = new SqliteBroker(path, options);
    broker.#isAlone = true;
    return broker;
  }

  get id(): string {
    return this.#id;
  }

  bind(context: BrokerContext): void {
    if (this.#bound !== undefined) {
      throw new TypeError(
        "this SqliteBroker already belongs to an engine: make one for each engine, on the same path",
      );
    }
    this.#id = context.runtime.newId();
    const commit = (jobs: readonly StoredJob[]): Promise<void> => this.#enqueueNow(jobs);
    this.#bound = { ...context, group: new GroupCommit(commit, new LoopTurn(context.runtime)) };
  }

  async start(): Promise<void> {
    const stops = this.#stops;
    // It would make the new one leave the cluster.
    await this.#stopping;
    if (stops !== this.#stops) throw notStarted(this.#path);
    const session = (this.#session ??= this.#newSession());
    try {
      await session.opened();
    } catch (error) {
      if (this.#session === session) this.#session = undefined;
      throw error;
    }
    if (this.#session !== session) throw notStarted(this.#path);
  }

  async ready(): Promise<void> {
    if (this.#session === undefined) throw notStarted(this.#path);
    await this.#session.ready();
  }

  async stop(): Promise<void> {
    this.#stops += 1;
    const stopping = (this.#stopping ??= this.#stopNow());
    try {
      await stopping;
    } finally {
      if (this.#stopping === stopping) this.#stopping = undefined;
    }
  }

  enqueue(jobs: readonly StoredJob[]): Promise<void> {
    return this.#context.group.enqueue(jobs);
  }

  enqueueIn(transaction: object, jobs: readonly StoredJob[]): void {
    const { namespace, runtime } = this.#context;
    this.#application ??= new ApplicationTransactions({
      path: this.#path,
      namespace,
      runtime,
      onCommitted: (woken) => {
        if (this.#session?.isOpen === true) this.#session.file.tell(woken);
        else ringAt(this.#path, runtime.clock);
      },
    });
    if (this.#session?.isOpen === true) this.#session.file.check();
    this.#application.enqueue(transaction, jobs);
  }

  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    const session = this.#running;
    const member = await session.join();
    const idle = await this.#lookFirst(request, session.file, member);
    if (idle !== undefined) return idle;
    // By its own id: this broker may be another one by now.
    const exchanged = await session.file.write("exchanging jobs", (work) =>
      isMember(work, member.uuid) ? exchange(work, request, member) : undefined,
    );
    if (exchanged === undefined) throw this.#leaseLost(member.uuid);
    member.settled(exchanged.settled);
    member.took(exchanged.jobs, exchanged.rows);
    this.#report(exchanged);
    const { jobs, more } = exchanged;
    return { count: jobs.length, jobs, more, nextDueMs: exchanged.nextDueMs };
  }

  async tick(): Promise<Due> {
    const { newId } = this.#context.runtime;
    return this.#open.write("moving due jobs", (work) => {
      const places = new JobPlaces(work);
      // First: they were due earlier.
      places.moveDue(MAX_JOBS_PER_CALL);
      runPeriodic(work, places, newId);
      return { nextDueMs: nextDueMs(work) };
    });
  }

  async register(tasks: readonly TaskDefinition[]): Promise<void> {
    const session = this.#running;
    const { uuid } = await session.join();
    const process = { brokerId: uuid, joinNumber: this.#joinNumber };
    const joinNumber = await session.file.write("registering tasks", (work) =>
      isMember(work, uuid) ? stateTasks(work, tasks, process) : undefined,
    );
    if (joinNumber === undefined) throw this.#leaseLost(uuid);
    this.#joinNumber = Math.max(this.#joinNumber, joinNumber);
  }

  async reconcile({ queues, known }: ReconcileRequest): Promise<readonly StoredJob[]> {
    const member = this.#session?.member;
    if (member === undefined) return [];
    const rows = new Set([...known].flatMap((id) => member.held.get(id) ?? []));
    const unknown = await this.#open.write("reading jobs", (work) =>
      heldBut(work, member.broker, rows),
    );
    return unknown.filter(({ job }) => queues.includes(job.queue) && !known.has(job.id));
  }

  async rescue(brokerId: string): Promise<RescueReply> {
    const none = { reenqueued: 0, failed: [] };
    const broker = await this.#open.read("reading members", ({ space }) =>
      findBroker(space, brokerId),
    );
    if (broker === undefined) return none;
    const reply = await rescueAll(this.#context.runtime.timers, () =>
      this.#open.write("taking jobs over", (work) => rescue(work, broker)),
    );
    return reply ?? none;
  }

  isQueueEmpty(queue: string): Promise<boolean> {
    return this.#open.read("looking at a queue", (work) => isQueueEmpty(work, queue));
  }

  async flush(): Promise<void> {
    await this.#open.write("deleting everything", flush);
  }

  onWakeUp(listener: WakeUpListener): () => void {
    this.#wakeUpListeners.add(listener);
    return () => {
      this.#wakeUpListeners.delete(listener);
    };
  }

  onLeaseLost(listener: () => void): () => void {
    this.#leaseLostListeners.add(listener);
    return () => {
      this.#leaseLostListeners.delete(listener);
    };
  }

  #enqueueNow(jobs: readonly StoredJob[]): Promise<void> {
    return this.#open.write("scheduling jobs", (work) => {
      new JobPlaces(work).add(jobs);
    });
  }

  /** Who has nothing to tell and finds nothing does not take the file's only pen. */
  async #lookFirst(
    { outcomes, queues, max }: ExchangeRequest,
    file: OpenFile,
    { uuid }: Member,
  ): Promise<ExchangeReply | undefined> {
    if (outcomes.length > 0) return undefined;
    return file.read("looking for jobs", (work) => {
      const mustWrite = !isMember(work, uuid) || (max > 0 && hasJobs(work, queues));
      return mustWrite
        ? undefined
        : { count: 0, jobs: [], more: false, nextDueMs: nextDueMs(work) };
    });
  }

  async #stopNow(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    await session.end();
    this.#member = session.member;
  }

  #newSession(): Session {
    return new Session({
      ...this.#context,
      path: this.#path,
      options: this.#options,
      isAlone: this.#isAlone,
      id: () => this.#id,
      member: this.#member,
      onWakeUp: (queue) => {
        for (const listener of this.#wakeUpListeners) listener(queue);
      },
      onLost: (brokerId) => {
        this.#leaseLost(brokerId);
      },
    });
  }

  /** From here on this is another broker: what the old one held is others'. */
  #leaseLost(brokerId: string): BrokerError {
    if (brokerId === this.#id) {
      const { runtime } = this.#context;
      runtime.logger.error(
        { broker: brokerId },
        "this process lost its lease: its jobs were taken over by others, or the namespace was flushed",
      );
      this.#id = runtime.newId();
      this.#session?.leaseLost();
      for (const listener of this.#leaseLostListeners) listener();
    }
    return new BrokerError("the cluster has given this broker up; it goes on as another");
  }

  /** One line, however many there are. */
  #report({ malformed, dropped }: Exchanged): void {
    const [err] = malformed;
    if (err === undefined) return;
    this.#context.runtime.logger.error(
      { err, jobs: malformed.length, dropped, quarantine: "spinach_quarantine" },
      "set aside jobs that cannot be read",
    );
  }

  get #open(): OpenFile {
    return this.#running.file;
  }

  get #running(): Session {
    if (this.#session === undefined) throw notStarted(this.#path);
    return this.#session;
  }

  get #context(): Bound {
    if (this.#bound === undefined) {
      throw new TypeError("this SqliteBroker belongs to no engine yet: pass it to new Engine()");
    }
    return this.#bound;
  }
}
