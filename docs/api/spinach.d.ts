// The public API. Written by: npm run api -- --update

// brokers/broker.d.ts
/**
 * What a broker is: the global queue. It knows jobs, never workers. Every operation is atomic. Those
 * of the arbiter may be repeated after a failure whose effect is unknown: an outcome settles only a job
 * that the broker still holds, and `reconcile` finds what a lost reply held. `enqueue` repeats itself
 * where that is needed, and rejects only when it gives up.
 */
import type { BrokerError } from "../core/errors.ts";
import type { StoredJob } from "../core/job.ts";
import type { Outcome } from "../core/outcome.ts";
import type { TaskDefinition } from "../core/task.ts";
import type { Runtime } from "../platform/runtime.ts";
/** Most jobs that one call of a broker looks at, so that none stalls the others. */
export declare const MAX_JOBS_PER_CALL = 1000;
/**
 * Most bytes of jobs that a call of a broker on a store should carry; one job comes, however large. Redis copies each
 * job three times on its way, and where a call has many large ones it asks the system for fresh memory each time: 256
 * jobs of 64 KiB took it 2.4 times as long as 16 calls of 16. And no call holds others up for long.
 */
export declare const MAX_BYTES_PER_CALL: number;
/** What a broker gets from its engine. */
export interface BrokerContext {
    readonly namespace: string;
    readonly runtime: Runtime;
}
/** What one trip brings and asks for. */
export interface ExchangeRequest {
    /** Jobs that ended since the last trip. One that this broker does not hold settles nothing. */
    readonly outcomes: readonly Outcome[];
    readonly queues: readonly string[];
    /** Most jobs wanted; 0 only settles. */
    readonly max: number;
}
/** When to come back. */
export interface Due {
    /**
     * Time until `tick` has something to do, in ms from now, 0 if it has now; `undefined` if nothing
     * is planned.
     */
    readonly nextDueMs: number | undefined;
}
/** Jobs that were taken. */
export interface Taken {
    /** How many. */
    readonly count: number;
    /**
     * These jobs, oldest first, without those that nobody can read. They are this broker's until it settles them.
     * Reading them may take a while, which the first access to this member does: what need not wait for that,
     * such as the next trip, comes before.
     */
    readonly jobs: readonly StoredJob[];
    /** Whether the queues may hold more jobs than were taken; `false` once one trip found them empty. */
    readonly more: boolean;
}
/** What one trip takes back. */
export interface ExchangeReply extends Taken, Due {
    /** Why no job could be taken, if that failed: the outcomes are settled all the same. */
    readonly refusal?: BrokerError | undefined;
}
/** What this process has of the broker's jobs. */
export interface ReconcileRequest {
    readonly queues: readonly string[];
    /** Ids of the jobs it knows: running, waiting for a worker, or ended and not yet told. */
    readonly known: ReadonlySet<string>;
}
/** A job that failed because its process died. */
export interface JobFailedByDeath {
    readonly id: string;
    readonly taskName: string;
}
/** What became of the jobs of a dead broker. */
export interface RescueReply {
    readonly reenqueued: number;
    /** Those that may not run again: whether their work was done, nobody knows. */
    readonly failed: readonly JobFailedByDeath[];
}
/**
 * Called when something may have changed; `queue` is where, `undefined` if it could be any. `isBack` says that the
 * broker can be reached again: whoever waits before another attempt need not.
 */
export type WakeUpListener = (queue: string | undefined, isBack?: boolean) => void;
/**
 * Asks whoever listens for wake-ups for jobs that this very process is about to schedule. Who stands idle, and would
 * start them at once, claims them, and fetches none until it was told what came of that.
 */
export type ClaimJobs = (queue: string) => Claim | undefined;
/** A claim to the next jobs of a queue. */
export interface Claim {
    /** Most jobs that there is room for, at least 1. */
    readonly max: number;
    /**
     * To be called once. What was taken is this broker's, as if `exchange` had taken it: some jobs, or none, if they had
     * to go into the queue; `undefined` if nobody knows.
     */
    concluded(taken: Taken | undefined): void;
}
/** A place where jobs wait, shared by the processes of a cluster. */
export interface Broker {
    /** UUID of this process in the cluster; another one after each lost lease. */
    readonly id: string;
    /**
     * Whether its jobs end with this process in any case: then it does not matter how many of them the process holds.
     * @defaultValue false
     */
    readonly isVolatile?: boolean;
    /**
     * For how long the oldest of the calls that are under way has been, in ms; 0 if none is. Only of a broker that bounds
     * its calls by what they carry: one that is large takes its time.
     */
    readonly oldestCallMs?: number;
    /**
     * Ties the broker to an engine, once, before anything else.
     * @throws TypeError if another engine has it
     */
    bind(context: BrokerContext): void;
    /** Connects. May be called again after `stop`. */
    start(): Promise<void>;
    /**
     * Resolves when workers can be started on it: the broker has all that it needs for them, and the store can be worked
     * with, which `start` does not wait for. Rejects with BrokerError if that cannot be, or it is stopped. A broker that
     * always is ready has no such method.
     */
    ready?(): Promise<void>;
    /** Lets go of everything it holds open. Safe to call at any time, and twice. */
    stop(): Promise<void>;
    /** Takes in jobs, all or none, in order: the due ones to their queues, the others to wait. */
    enqueue(jobs: readonly StoredJob[]): Promise<void>;
    /**
     * Takes in jobs as part of a transaction of the application on the same store; they exist once it
     * commits, and not before. A broker that cannot has no such method.
     * @throws TypeError or RangeError if there is no such transaction, BrokerError if the store refuses
     */
    enqueueIn?(transaction: object, jobs: readonly StoredJob[]): void;
    /**
     * Settles outcomes, then takes jobs, in one trip. One that failed may still take effect, but not after a later one
     * of the same broker: an outcome told twice would settle the next run of its job.
     */
    exchange(request: ExchangeRequest): Promise<ExchangeReply>;
    /** Moves what has become due, in order and in bounded steps; then makes the jobs of periodic tasks. */
    tick(): Promise<Due>;
    /**
     * Registers the periods and limits of the tasks that this process has; others' stay. Rejects, without effect, if
     * the cluster has given this broker up: see `onLeaseLost`.
     */
    register(tasks: readonly TaskDefinition[]): Promise<void>;
    /**
     * The jobs that this broker holds and the process does not know: fetched in a reply that was lost. In the order in
     * which they were made.
     */
    reconcile(request: ReconcileRequest): Promise<readonly StoredJob[]>;
    /**
     * Takes the jobs of a dead broker over: back to their queues, or failed if they may not run again. If
     * it is alive after all, its lease is lost.
     */
    rescue(brokerId: string): Promise<RescueReply>;
    /** Whether no job is ready in the queue or parked behind a limit. Future jobs do not count. */
    isQueueEmpty(queue: string): Promise<boolean>;
    /** Deletes everything in the namespace; the leases of its brokers are lost. */
    flush(): Promise<void>;
    /** Returns how to stop listening. A broker may use `claim` to spare jobs of this very process a detour. */
    onWakeUp(listener: WakeUpListener, claim?: ClaimJobs): () => void;
    /**
     * Calls back when the cluster has given this broker up: what it held is others'. It goes on as another
     * broker, with another id, of which nothing is registered. The `exchange` or `register` that finds it out
     * rejects, without effect. Returns how to stop listening.
     */
    onLeaseLost(listener: () => void): () => void;
}

// brokers/definition-owner.d.ts
/**
 * Whose definition of a task counts while processes with different ones are alive, as during a deploy: that of the
 * process which joined last. Otherwise each would undo the other's every two minutes, and a long period might never come.
 */
/** Which process a definition is of. */
export interface DefinitionOwner {
    /** The later a process joined, the higher: see `nextJoinNumber`. */
    readonly joinNumber: number;
    /** As whom it was a member when it registered the definition. */
    readonly brokerId: string;
}
/**
 * The number of a process that registers a definition for the first time, which it keeps. It goes by the store's clock, so that a
 * process that joins a store which came back empty is later than those that were there before.
 *
 * @param last - the last one that was given, or that a process brought along; 0 if none was
 */
export declare function nextJoinNumber(last: number, nowMs: number): number;
/** Whether a definition by another process counts, rather than one by the process of that number. */
export declare function isOutranked(joinNumber: number, owner: DefinitionOwner | undefined, isMember: (brokerId: string) => boolean): boolean;

// brokers/memory/memory-broker.d.ts
import type { StoredJob } from "../../core/job.ts";
import type { TaskDefinition } from "../../core/task.ts";
import type { Broker, BrokerContext, Due, ExchangeReply, ExchangeRequest, ReconcileRequest, RescueReply, WakeUpListener } from "../broker.ts";
import { MemoryStore } from "./memory-store.ts";
/** Options of a memory broker. */
export interface MemoryBrokerOptions {
    /** Where its jobs live. @defaultValue a store of its own */
    readonly store?: MemoryStore | undefined;
}
/**
 * A broker inside this process: nothing to install, and everything is lost when the process ends.
 *
 * @example
 * const spin = new Engine(new MemoryBroker());
 */
export declare class MemoryBroker implements Broker {
    #private;
    readonly isVolatile = true;
    /** @throws TypeError if an option is not valid */
    constructor(options?: MemoryBrokerOptions);
    bind(context: BrokerContext): void;
    get id(): string;
    start(): Promise<void>;
    stop(): Promise<void>;
    enqueue(jobs: readonly StoredJob[]): Promise<void>;
    exchange(request: ExchangeRequest): Promise<ExchangeReply>;
    tick(): Promise<Due>;
    register(tasks: readonly TaskDefinition[]): Promise<void>;
    reconcile(request: ReconcileRequest): Promise<readonly StoredJob[]>;
    rescue(brokerId: string): Promise<RescueReply>;
    isQueueEmpty(queue: string): Promise<boolean>;
    flush(): Promise<void>;
    onLeaseLost(listener: () => void): () => void;
    onWakeUp(listener: WakeUpListener): () => void;
}

// brokers/memory/memory-store.d.ts
import type { StoredJob } from "../../core/job.ts";
import type { TaskDefinition } from "../../core/task.ts";
import { type Due, type ExchangeReply, type ExchangeRequest, type ReconcileRequest, type RescueReply, type WakeUpListener } from "../broker.ts";
import { type DefinitionOwner } from "../definition-owner.ts";
/**
 * Where the jobs of memory brokers live. Each `MemoryBroker` has one of its own; pass one store to
 * several brokers and their engines are a cluster inside one process.
 *
 * @example
 * const store = new MemoryStore();
 * const web = new Engine(new MemoryBroker({ store }));
 * const worker = new Engine(new MemoryBroker({ store }));
 */
export declare class MemoryStore {
    #private;
}
/**
 * The state of one namespace and its atomic operations. A job is in exactly one place: a queue, the
 * future, parked behind a limit, or held by a broker; settled ones are nowhere.
 */
export declare class MemoryNamespace {
    #private;
    onWakeUp(listener: WakeUpListener): () => void;
    enqueue(jobs: readonly StoredJob[], nowMs: number): void;
    join(brokerId: string): void;
    /** Returns whether it has left: who holds jobs stays, and they are for others to take over. */
    leave(brokerId: string): boolean;
    /** `undefined`, and no effect, if the broker is none of the cluster, or not any more. */
    exchange(brokerId: string, request: ExchangeRequest, nowMs: number): ExchangeReply | undefined;
    tick(nowMs: number, newId: () => string): Due;
    /**
     * A process has the number 0 until it registers a definition.
     *
     * @returns the number of the process; `undefined`, and no effect, if the broker is none of the cluster
     */
    register({ brokerId, joinNumber }: DefinitionOwner, tasks: readonly TaskDefinition[], nowMs: number): number | undefined;
    /** The limit of a task that counts now. */
    limitOf(taskName: string): number | undefined;
    reconcile(brokerId: string, { queues, known }: ReconcileRequest): readonly StoredJob[];
    rescue(brokerId: string, nowMs: number): RescueReply;
    isQueueEmpty(queue: string): boolean;
    flush(): void;
}

// brokers/redis/asked-options.d.ts
/** Options that are functions: what they give may change, so they are asked before each connection. */
import type { PeerCertificate } from "node:tls";
import type { RedisNode } from "./redis-node.ts";
/** A username or password: as it is, or a function that is asked before each connection, for those that change. */
export type RedisCredential = string | (() => string | Promise<string>);
/** As `checkServerIdentity` of `tls.connect`: an error refuses the server. */
export type CheckServerIdentity = (host: string, certificate: PeerCertificate) => Error | undefined;
/** A node whose credentials are known now. */
export type AnsweredNode = Omit<RedisNode, "username" | "password"> & {
    readonly username?: string;
    readonly password?: string;
};
/** Asks what a node has functions for. Rejects if one of them fails: that passes, and the next attempt asks again. */
export declare function answeredNode({ username, password, ...node }: RedisNode): Promise<AnsweredNode>;
/** What it gives is a secret, and stays out of messages. Rejects if it fails. */
export declare function askCredential(name: string, ask: () => string | Promise<string>): Promise<string>;
/** What is wrong with a server, by the user's own check; one that fails is a refusal. Never throws: nobody would catch it. */
export declare function identityError(check: CheckServerIdentity, host: string, certificate: PeerCertificate): Error | undefined;

// brokers/redis/redis-broker-options.d.ts
/** Options of a Redis broker. */
export interface RedisBrokerOptions {
    /**
     * How long this process may be silent before others take its jobs over, in ms, from 1,000.
     * @defaultValue 10_000
     */
    readonly lease?: number | undefined;
    /**
     * After so long a block of the event loop, in ms, from 100, what blocks it is logged: the tasks, and the
     * stack where it was then. The log comes when the loop turns again. @defaultValue 5_000
     */
    readonly blockedAfter?: number | undefined;
    /**
     * After so long a block, in ms, from 1,000, the lease is let go, so that others take the jobs over; one
     * line on stderr says so. @defaultValue 600_000
     */
    readonly stuckAfter?: number | undefined;
    /**
     * How long a call to Redis waits while no byte comes, in ms. A call that sends or brings many bytes may take longer, as
     * long as the line moves 10 KB/s. @defaultValue 5_000
     */
    readonly callTimeout?: number | undefined;
    /** How long `schedule` tries again while Redis cannot be reached, in ms. @defaultValue 30_000 */
    readonly enqueueTimeout?: number | undefined;
}
/** Options after the check: all there. */
export type CheckedRedisBrokerOptions = Readonly<Record<keyof RedisBrokerOptions, number>>;
/** @throws TypeError or RangeError naming the option, its rule and the value */
export declare function checkRedisBrokerOptions(options: RedisBrokerOptions): CheckedRedisBrokerOptions;

// brokers/redis/redis-broker.d.ts
import type { StoredJob } from "../../core/job.ts";
import type { TaskDefinition } from "../../core/task.ts";
import type { Broker, BrokerContext, ClaimJobs, Due, ExchangeReply, ExchangeRequest, ReconcileRequest, RescueReply, WakeUpListener } from "../broker.ts";
import { type RedisBrokerOptions } from "./redis-broker-options.ts";
import { type RedisLocation } from "./redis-target.ts";
/**
 * A broker on Redis 6.2 or later, or Valkey, for a cluster of processes. It shares its keyspace with
 * Python Spinach. Needs the package `@redis/client`.
 *
 * @example
 * const spin = new Engine(new RedisBroker("redis://127.0.0.1:6379"));
 */
export declare class RedisBroker implements Broker {
    #private;
    /**
     * @param redis - a URL; or the options of `createClient`, `createSentinel` or `createCluster` of
     *   `@redis/client`; or a client of it, whose options are read: the broker makes connections of its
     *   own, and neither uses nor closes the client
     * @throws TypeError or RangeError if an option is not valid
     */
    constructor(redis: RedisLocation, options?: RedisBrokerOptions);
    get id(): string;
    get oldestCallMs(): number;
    bind(context: BrokerContext): void;
    start(): Promise<void>;
    /** A server that loads its data is waited for, however long that takes; a heartbeat thread must be there. */
    ready(): Promise<void>;
    stop(): Promise<void>;
    enqueue(jobs: readonly StoredJob[]): Promise<void>;
    exchange(request: ExchangeRequest): Promise<ExchangeReply>;
    tick(): Promise<Due>;
    register(tasks: readonly TaskDefinition[]): Promise<void>;
    reconcile({ queues, known }: ReconcileRequest): Promise<readonly StoredJob[]>;
    rescue(deadId: string): Promise<RescueReply>;
    isQueueEmpty(queue: string): Promise<boolean>;
    flush(): Promise<void>;
    onWakeUp(listener: WakeUpListener, claim?: ClaimJobs): () => void;
    onLeaseLost(listener: () => void): () => void;
}

// brokers/redis/redis-node.d.ts
import type { CheckServerIdentity, RedisCredential } from "./asked-options.ts";
/** How to reach one Redis server: options of `createClient` of `@redis/client`, credentials also as functions. */
export interface RedisNodeOptions {
    /** `redis[s]://[[username][:password]@][host][:port][/database]` */
    readonly url?: string | URL;
    /** A function is asked before each connection. */
    readonly username?: RedisCredential;
    /** A function is asked before each connection. */
    readonly password?: RedisCredential;
    readonly database?: number;
    /** The protocol, 2 where something in between ends connections that ask for the newer one. @defaultValue 3, or 2 where that is refused */
    readonly RESP?: 2 | 3;
    /** Of `net.connect` or, with `tls: true`, of `tls.connect`; plain data but for `checkServerIdentity`. */
    readonly socket?: RedisSocketOptions;
}
/** Where a server listens, and how it is reached. */
export interface RedisSocketOptions {
    readonly checkServerIdentity?: CheckServerIdentity;
    readonly [option: string]: unknown;
}
/** The same after the check: what a URL said stands in its place, so that the address alone can be changed. */
export type RedisNode = Omit<RedisNodeOptions, "url">;
/** What a port may be. */
export declare const PORT: {
    min: number;
    max: number;
};
/**
 * Reads what says how to reach a server.
 *
 * @param name - what it is given as
 * @param rule - whether it must have a host and a port
 * @throws TypeError or RangeError if it leads to no server
 */
export declare function nodeOptions(name: string, value: unknown, rule?: {
    readonly isAddressed?: boolean;
}): RedisNode;
/**
 * A copy that a thread can have.
 * @throws TypeError if it is no plain object, or holds what cannot be copied
 */
export declare function plainData(name: string, value: unknown): Readonly<Record<string, unknown>>;

// brokers/redis/redis-target.d.ts
import { type RedisNode, type RedisNodeOptions } from "./redis-node.ts";
/** Where a server listens. */
export interface RedisAddress {
    readonly host: string;
    readonly port: number;
}
/** A primary that sentinels watch: options of `createSentinel` of `@redis/client`. */
export interface RedisSentinelOptions {
    /** Name of the primary, as the sentinels know it. */
    readonly name: string;
    readonly sentinelRootNodes: readonly RedisAddress[];
    /** For the connections to Redis. */
    readonly nodeClientOptions?: RedisNodeOptions;
    /** For the connections to sentinels. */
    readonly sentinelClientOptions?: RedisNodeOptions;
}
/** A Redis Cluster: options of `createCluster` of `@redis/client`. The namespace must carry a hash tag. */
export interface RedisClusterOptions {
    readonly rootNodes: readonly RedisNodeOptions[];
    /** For the connections to every node. */
    readonly defaults?: RedisNodeOptions;
    /** Where nodes are found whose own addresses cannot be reached: `host:port` -> address. */
    readonly nodeAddressMap?: Readonly<Record<string, RedisAddress>>;
}
/**
 * How to reach Redis. Plain data, because the heartbeat thread makes a connection of its own; it asks the process what
 * functions for credentials and `checkServerIdentity` give.
 */
export type RedisOptions = RedisNodeOptions | RedisSentinelOptions | RedisClusterOptions;
/** A client of `@redis/client`, or one that is like it. Only its options are read. */
export interface RedisClientLike {
    readonly isOpen: boolean;
}
/** What says where Redis is. */
export type RedisLocation = string | URL | RedisOptions | RedisClientLike;
/** What is reached: one server, the primary that sentinels name, or a cluster's node that has our slot. */
export type RedisTarget<Node = RedisNode> = {
    readonly kind: "single";
    readonly node: Node;
} | {
    readonly kind: "sentinel";
    readonly name: string;
    readonly sentinels: readonly Node[];
    readonly node: Node;
} | {
    readonly kind: "cluster";
    readonly roots: readonly Node[];
    readonly addresses: NonNullable<RedisClusterOptions["nodeAddressMap"]>;
};
/**
 * Reads what `new RedisBroker` is given.
 * @throws TypeError or RangeError if it leads to no Redis
 */
export declare function redisTarget(redis: unknown): RedisTarget;
/** The same target, its nodes told otherwise. */
export declare function mapNodes<From, To>(target: RedisTarget<From>, map: (node: From) => To): RedisTarget<To>;
/** The same node with another address. */
export declare function at(node: RedisNode, address: object): RedisNode;

// brokers/sqlite/database-file.d.ts
import { SqlSession } from "./sql-session.ts";
import { type Patience } from "./while-busy.ts";
/** How the file is opened. */
export interface DatabaseOptions {
    readonly path: string;
    readonly synchronous: Synchronous;
    /** How long to wait for others. */
    readonly patience: Patience;
    /** Whether to make no new file. */
    readonly mustExist?: boolean | undefined;
}
/** What a commit waits for: see SqliteBrokerOptions. */
export type Synchronous = "NORMAL" | "FULL";
/**
 * Opens a file that may not exist yet. Loads `node:sqlite` only now: to import this module prints no
 * warning. Rejects with BrokerError, or an error of SQLite.
 */
export declare function openDatabase(options: DatabaseOptions): Promise<SqlSession>;
/** Whether a connection works with a write-ahead log: before a broker has opened the file, one of the application may not. */
export declare function hasLog(sql: SqlSession): boolean;
/** A number that changes when another connection, here or elsewhere, has committed. */
export declare function dataVersion(sql: SqlSession): number;
/** A log, and what became of it. */
export interface Log {
    /** `needed` by readers, so that nobody was held up; `busy` if others were. */
    readonly state: "short" | "needed" | "busy" | "emptied";
    /** Its size before, in bytes. */
    readonly size: number;
}
/**
 * Brings a log to the file that has grown to more than it should, because commits of several processes left
 * no moment for it, and empties it. Others wait for their turn meanwhile, so it first does what holds nobody up:
 * if a reader needs the log, it waits for no one. To be called in a thread of its own.
 *
 * @param file - its path without links
 * @param mostBytes - size of the log that is let be
 */
export declare function shortenLog(sql: SqlSession, file: string, mostBytes?: number): Log;

// brokers/sqlite/sql-session.d.ts
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite";
/** One row, its columns in the order of the statement. */
export type Row = readonly SQLOutputValue[];
/** Row numbers are counted up: one above this is not ours. */
export declare const MOST_ROWS: number;
/** A row says what makes no sense. */
export declare class UnreadableRowError extends TypeError {
}
/** A connection with its prepared statements: each text is compiled once. */
export declare class SqlSession {
    #private;
    constructor(db: DatabaseSync);
    /** Statements without parameters and rows, not prepared. */
    exec(sql: string): void;
    all(sql: string, ...params: readonly SQLInputValue[]): readonly Row[];
    get(sql: string, ...params: readonly SQLInputValue[]): Row | undefined;
    run(sql: string, ...params: readonly SQLInputValue[]): void;
    /** Returns how many rows it has changed, inserted or deleted. */
    change(sql: string, ...params: readonly SQLInputValue[]): number;
    /**
     * Inserts a row. Returns its number.
     * @throws UnreadableRowError if that is too large to be read again: it follows that of a bad row
     */
    insert(sql: string, ...params: readonly SQLInputValue[]): number;
    /** The texts of all that was prepared so far. */
    get prepared(): readonly string[];
    /** Whether what was prepared can be run: not once the connection was closed, should it be opened again too. */
    get isUsable(): boolean;
    get isTransaction(): boolean;
    close(): void;
}
/** A column that holds a number. */
export declare function integer(value: SQLOutputValue | undefined): number;
/** A column that holds a text. */
export declare function text(value: SQLOutputValue | undefined): string;

// brokers/sqlite/sqlite-broker-options.d.ts
import type { Synchronous } from "./database-file.ts";
/** Options of an SQLite broker. */
export interface SqliteBrokerOptions {
    /**
     * What survives. `NORMAL`: every commit survives the death of all processes; the last ones before a
     * power failure or a crash of the system may be lost, as if they had not been, and the file stays
     * whole. `FULL`: those survive too; each commit waits for the disk. @defaultValue "NORMAL"
     */
    readonly synchronous?: "NORMAL" | "FULL" | undefined;
    /**
     * How long this process may be silent before others take its jobs over, in ms, from 1,000. One that is
     * seen to be dead does not wait for it. @defaultValue 3_000
     */
    readonly lease?: number | undefined;
    /**
     * After so long a block of the event loop, in ms, from 100, what blocks it is logged: the tasks, and the
     * stack where it was then. The log comes when the loop turns again. @defaultValue 5_000
     */
    readonly blockedAfter?: number | undefined;
    /**
     * After so long a block, in ms, from 1,000, the lease is let go, so that others take the jobs over; one
     * line on stderr says so. @defaultValue 600_000
     */
    readonly stuckAfter?: number | undefined;
    /** Longest time that a call may wait for others to let go of the file, in ms, up to 10,000. @defaultValue 5_000 */
    readonly callTimeout?: number | undefined;
}
/** Options after the check: all there. */
export interface CheckedSqliteBrokerOptions {
    readonly synchronous: Synchronous;
    readonly lease: number;
    readonly blockedAfter: number;
    readonly stuckAfter: number;
    readonly callTimeout: number;
}
/** @throws TypeError or RangeError naming the option, its rule and the value */
export declare function checkSqliteBrokerOptions(options: SqliteBrokerOptions): CheckedSqliteBrokerOptions;
/**
 * @returns the absolute path: the working directory may change later
 * @throws TypeError or RangeError if it cannot be the path of a file that processes share
 */
export declare function checkPath(path: unknown): string;

// brokers/sqlite/sqlite-broker.d.ts
import type { StoredJob } from "../../core/job.ts";
import type { TaskDefinition } from "../../core/task.ts";
import { type Broker, type BrokerContext, type Due, type ExchangeReply, type ExchangeRequest, type ReconcileRequest, type RescueReply, type WakeUpListener } from "../broker.ts";
import { type SqliteBrokerOptions } from "./sqlite-broker-options.ts";
/**
 * A broker on a file, for any number of processes on one machine, without a server. The file may be that of
 * an application: all tables are prefixed with `spinach_`.
 *
 * @example
 * const spin = new Engine(new SqliteBroker("app.db"));
 */
export declare class SqliteBroker implements Broker {
    #private;
    /**
     * @param path - of the file, which is made if there is none
     * @throws TypeError or RangeError if the path or an option is not valid
     */
    constructor(path: string, options?: SqliteBrokerOptions);
    get id(): string;
    bind(context: BrokerContext): void;
    start(): Promise<void>;
    ready(): Promise<void>;
    stop(): Promise<void>;
    enqueue(jobs: readonly StoredJob[]): Promise<void>;
    enqueueIn(transaction: object, jobs: readonly StoredJob[]): void;
    exchange(request: ExchangeRequest): Promise<ExchangeReply>;
    tick(): Promise<Due>;
    register(tasks: readonly TaskDefinition[]): Promise<void>;
    reconcile({ queues, known }: ReconcileRequest): Promise<readonly StoredJob[]>;
    rescue(brokerId: string): Promise<RescueReply>;
    isQueueEmpty(queue: string): Promise<boolean>;
    flush(): Promise<void>;
    onWakeUp(listener: WakeUpListener): () => void;
    onLeaseLost(listener: () => void): () => void;
}

// brokers/sqlite/while-busy.d.ts
import type { Runtime } from "../../platform/runtime.ts";
/** How long to try. */
export interface Patience {
    readonly runtime: Runtime;
    /** How long in all, in ms. */
    readonly timeoutMs: number;
    /** Ends the wait at once. */
    readonly ending?: AbortSignal | undefined;
}
/**
 * Tries again while others have the lock. The event loop turns between attempts: SQLite itself waits for no
 * longer than the connection's busy timeout. Rejects with what the last attempt threw, or with the reason of `ending`.
 */
export declare function whileBusy<Result>({ runtime, timeoutMs, ending }: Patience, action: () => Result): Promise<Result>;

// core/batch.d.ts
import type { CallArgs, Task, TaskReference } from "./task.ts";
/** One call to schedule: checked, and given an id, when it is scheduled. */
export interface JobRequest {
    readonly task: TaskReference;
    /** `undefined`: now, at the time of scheduling. */
    readonly at: Date | undefined;
    /** Instead of a date: how long after the store has it, in ms, by the store's clock. */
    readonly delayMs?: number | undefined;
    readonly args: readonly unknown[];
}
/**
 * Jobs to schedule together, in the order they were added. Nothing is checked, copied or sent before
 * `engine.scheduleBatch(batch)`: until then, leave the arguments as they are, and refill no array.
 *
 * @example
 * const batch = new Batch();
 * for (const id of ids) batch.schedule(sendInvoice, id);
 * await spin.scheduleBatch(batch);
 */
export declare class Batch {
    #private;
    /** Adds a job to run as soon as possible. */
    schedule(task: string, ...args: unknown[]): this;
    schedule<Args extends unknown[], Result>(task: Task<Args, Result>, ...args: CallArgs<Args>): this;
    /** Adds a job to run at a date. */
    scheduleAt(task: string, at: Date, ...args: unknown[]): this;
    scheduleAt<Args extends unknown[], Result>(task: Task<Args, Result>, at: Date, ...args: CallArgs<Args>): this;
    /** Adds a job to run a time in ms after the store has it, as with `engine.scheduleIn`. */
    scheduleIn(task: string, ms: number, ...args: unknown[]): this;
    scheduleIn<Args extends unknown[], Result>(task: Task<Args, Result>, ms: number, ...args: CallArgs<Args>): this;
    /** How many jobs it holds. */
    get size(): number;
}

// core/errors.d.ts
/**
 * The errors of Spinach. Each has a literal `code`, so that a program can tell them apart without
 * comparing classes across threads or package copies. Misuse of an option is not here: it is a
 * `TypeError` (wrong type) or a `RangeError` (right type, value not allowed).
 */
/** What every error of Spinach is. `code` never changes between versions. */
export declare abstract class SpinachError extends Error {
    abstract readonly code: string;
}
/** A job or a call names a task that this process does not have. */
export declare class UnknownTaskError extends SpinachError {
    readonly code = "UNKNOWN_TASK";
    readonly taskName: string;
    /** @param hint - what else may help, to end the message with */
    constructor(taskName: string, knownNames?: readonly string[], hint?: string);
}
/** A call gives a task fewer arguments than its function needs. */
export declare class InvalidJobSignatureError extends SpinachError {
    readonly code = "INVALID_JOB_SIGNATURE";
    readonly taskName: string;
    readonly requiredArgs: number;
    readonly givenArgs: number;
    constructor(taskName: string, requiredArgs: number, givenArgs: number);
}
/** An argument of a job is something that JSON cannot carry unchanged. */
export declare class InvalidJobArgumentsError extends SpinachError {
    readonly code = "INVALID_JOB_ARGUMENTS";
    readonly taskName: string;
    /** Where the value stands, for example `args[1].when`. */
    readonly path: string;
    constructor(taskName: string, path: string, problem: string);
}
/** A text found where a job should be does not hold one. The message has no part of the text, which may be private. */
export declare class MalformedJobError extends SpinachError {
    #private;
    readonly code = "MALFORMED_JOB";
    constructor(wire: string, problem: string, options?: ErrorOptions);
    /** The text. Not a member of the object: loggers write those. */
    get wire(): string;
}
/** A task ran longer than its `timeout`; the reason of the job's signal, and the job's error. */
export declare class JobTimeoutError extends SpinachError {
    readonly code = "JOB_TIMEOUT";
    readonly timeoutMs: number;
    constructor(taskName: string, timeoutMs: number, options?: ErrorOptions);
}
/** The workers were stopped before a task had finished; the reason of the job's signal. */
export declare class WorkersStoppedError extends SpinachError {
    readonly code = "WORKERS_STOPPED";
    constructor(taskName: string, options?: ErrorOptions);
}
/** The cluster gave this process up and took its jobs over; the reason of the job's signal. */
export declare class LeaseLostError extends SpinachError {
    readonly code = "LEASE_LOST";
    constructor(taskName: string, options?: ErrorOptions);
}
/** The broker could not do what was asked; `cause` is what it met. */
export declare class BrokerError extends SpinachError {
    readonly code = "BROKER";
}
/**
 * The broker failed during a batch: its first `scheduled` jobs are in. Of the chunk that failed, all or
 * none of the jobs are in, if the reply was lost.
 */
export declare class BatchInterruptedError extends SpinachError {
    readonly code = "BATCH_INTERRUPTED";
    /** How many jobs the broker has, counted from the front of the batch. */
    readonly scheduled: number;
    readonly total: number;
    constructor(scheduled: number, total: number, options?: ErrorOptions);
}
/** The engine was closed, by `close()` or at the end of `run()`; make a new one. */
export declare class EngineClosedError extends SpinachError {
    readonly code = "ENGINE_CLOSED";
    /** @param closedBy - what closed it, if that is not `close()` */
    constructor(closedBy?: "run");
}
/**
 * Thrown by a task to be run again: at `at` if given, otherwise after the usual backoff.
 * The task's `maxRetries` still applies.
 *
 * @example
 * throw new RetryError("rate limited", { at: new Date(Date.now() + 60_000) });
 */
export declare class RetryError extends SpinachError {
    readonly code = "RETRY";
    readonly at: Date | undefined;
    /** @throws TypeError or RangeError if `at` is not a valid Date */
    constructor(message: string, options?: {
        at?: Date | undefined;
        cause?: unknown;
    });
}
/** Thrown by a task that must never be tried again, whatever its `maxRetries`. */
export declare class AbortError extends SpinachError {
    readonly code = "ABORT";
}
/** A queue was closed: nothing can be put any more, or all that was put has been taken. */
export declare class QueueClosedError extends SpinachError {
    readonly code = "QUEUE_CLOSED";
    readonly operation: "put" | "get";
    constructor(operation: "put" | "get");
}
/** A queue had no item, or no free slot, within the time that the caller gave. */
export declare class QueueTimeoutError extends SpinachError {
    readonly code = "QUEUE_TIMEOUT";
    readonly operation: "put" | "get";
    readonly timeoutMs: number;
    constructor(operation: "put" | "get", timeoutMs: number);
}
/** A value given to a queue is something that JSON cannot carry unchanged, nor is it a Uint8Array. */
export declare class InvalidQueueValueError extends SpinachError {
    readonly code = "INVALID_QUEUE_VALUE";
    /** Where it stands in the value, for example `value[1].when`. */
    readonly path: string;
    constructor(path: string, problem: string);
}
/** A value is larger than all the memory that a queue may use for values larger than a slot. */
export declare class QueueValueTooLargeError extends SpinachError {
    readonly code = "QUEUE_VALUE_TOO_LARGE";
    /** Size of the value, in bytes; of JSON, as UTF-8. */
    readonly byteLength: number;
    /** Largest value that this queue can hold, in bytes. */
    readonly maxByteLength: number;
    constructor(byteLength: number, maxByteLength: number);
}
/** `taskDone` was called for an item that the caller has not taken, or more often than it took any. */
export declare class ItemNotTakenError extends SpinachError {
    readonly code = "ITEM_NOT_TAKEN";
    readonly ticket: number | undefined;
    constructor(ticket: number | undefined);
}
/** This thread must not be blocked: the host forbids `Atomics.wait` here. */
export declare class BlockingNotAllowedError extends SpinachError {
    readonly code = "BLOCKING_NOT_ALLOWED";
    readonly operation: "put" | "get";
    constructor(operation: "put" | "get", options?: ErrorOptions);
}

// core/job-codec.d.ts
import { type JobStatus } from "./job-status.ts";
import type { Job, StoredJob } from "./job.ts";
/** What a settle or a rescue changes in a stored job; everything else stays byte for byte. */
export interface JobChanges {
    readonly status: JobStatus;
    readonly retries: number;
    /** Epoch time in ms. */
    readonly atMs: number;
}
/**
 * The text of a new job. Its arguments must be ones that JSON carries.
 *
 * @param hasNegativeZero - whether a number in its arguments is -0
 * @param order - of its time, what is below the ms of its Date, in microseconds up to 999: tells the order of jobs of one ms
 */
export declare function encodeJob(job: Job, hasNegativeZero?: boolean, order?: number): string;
/**
 * Reads a job written by us, by Python or by a Python script, which writes an empty list as `{}`.
 *
 * @param status - where the job was found; what the text says of it is only a hint
 * @throws MalformedJobError if the text is not a job
 */
export declare function decodeJob(wire: string, status?: JobStatus): StoredJob;
/** The same job with other status, retries and time. Its arguments are copied, not re-encoded. */
export declare function rewriteJob(stored: StoredJob, changes: JobChanges): StoredJob;
/** Like `rewriteJob`, of a text that ends before its arguments: only its `edit` counts. */
export declare function rewriteHead(stored: StoredJob, changes: JobChanges): StoredJob;
/** Reads a job whose text ends before its arguments; it has none. See `decodeJob`. */
export declare function decodeHead(head: string): StoredJob;
/** Compares held jobs by the time in their texts, microseconds included: by when they were made, most of them. */
export declare function compareTimes(one: StoredJob, other: StoredJob): number;

// core/job-status.d.ts
/**
 * Where a job stands in its life. The numbers are those of the wire.
 *
 * NOT_SET -> WAITING (until it is due) -> QUEUED -> RUNNING -> SUCCEEDED, FAILED, or WAITING again.
 *
 * Source: spinach/job.py JobStatus
 */
export declare const JobStatus: {
    /** Created, not scheduled yet. */
    readonly NOT_SET: 0;
    /** Scheduled to start in the future. */
    readonly WAITING: 1;
    /** In a queue, ready for a worker. */
    readonly QUEUED: 2;
    /** Being executed. */
    readonly RUNNING: 3;
    /** Finished without error. */
    readonly SUCCEEDED: 4;
    /** Failed, and will not be tried again. */
    readonly FAILED: 5;
};
export type JobStatus = (typeof JobStatus)[keyof typeof JobStatus];
/** Whether a number read from the wire is a status. */
export declare function isJobStatus(value: unknown): value is JobStatus;

// core/job.d.ts
import type { JobStatus } from "./job-status.ts";
/**
 * One execution of a task, asked for or done. A plain record: Spinach never changes one. `args` of a job
 * that was just scheduled are a copy of those of the call; its task gets another.
 */
export interface Job {
    /** UUID. */
    readonly id: string;
    readonly status: JobStatus;
    readonly taskName: string;
    readonly queue: string;
    /** When it should start, or should have. */
    readonly at: Date;
    /** How often it is tried again after a failure; 0 makes it at-most-once. */
    readonly maxRetries: number;
    /** How often it has failed so far. */
    readonly retries: number;
    readonly args: readonly unknown[];
    /** Python keyword arguments; a TypeScript task gets them as one last object. */
    readonly kwargs: Readonly<Record<string, unknown>>;
    /** Longest run in ms that this job was scheduled with, if it was; otherwise its task's applies. */
    readonly timeoutMs?: number;
}
/**
 * A job with the exact text that holds it in a broker. The text is the truth: it may carry more
 * than `job` shows (integers beyond 2^53, members of a later version), and what is written back is
 * an edit of it, never a new encoding of what was read.
 */
export interface StoredJob {
    readonly job: Job;
    readonly wire: string;
    /** Of a new job, instead of its date: how long after the store has it, by the store's clock, in ms; more than 0. */
    readonly delayMs?: number;
    /** Where `wire` is an edit of a long text that the broker has: how to make it of that one. */
    readonly edit?: HeadEdit;
}
/** A text that differs from an earlier one in its first part only. */
export interface HeadEdit {
    /** Its first part. */
    readonly head: string;
    /** How many bytes of the earlier text this takes the place of. */
    readonly replacedBytes: number;
}
/** Whether a job that was interrupted may be run again: the delivery contract of its task. */
export declare function isAtLeastOnce(job: Job): boolean;

// core/kwargs.d.ts
/** Python keyword arguments, as the last argument of a call. Made by {@link kwargs}. */
export declare class Kwargs<Values extends object = object> {
    readonly values: Values;
    constructor(values: Values);
}
/**
 * Gives a job keyword arguments, when passed as the last argument of a call. A Python task receives
 * them as such; a TypeScript task receives them as one last object.
 *
 * @throws TypeError if `values` is not an object
 *
 * @example
 * await spin.schedule("resize", "cat.png", kwargs({ width: 200 }));
 */
export declare function kwargs<Values extends object>(values: Values): Kwargs<Values>;

// core/outcome.d.ts
import { type StoredJob } from "./job.ts";
/** How a task ended. */
export type Result = {
    readonly ok: true;
    readonly value: unknown;
} | {
    readonly ok: false;
    readonly error: unknown;
    /** The workers interrupted it, and `error` is why: its timeout, a stop, a lost lease. */
    readonly interrupted?: boolean;
};
/** What the broker is told of a job that it gave out. */
export type Outcome = 
/** It is done. */
{
    readonly kind: "succeeded";
    readonly stored: StoredJob;
}
/** It failed for good. `stored` is as it was taken. */
 | {
    readonly kind: "failed";
    readonly stored: StoredJob;
    readonly error: unknown;
}
/** It failed and runs again; `stored` is the job to come. */
 | {
    readonly kind: "retried";
    readonly stored: StoredJob;
    readonly error: unknown;
}
/** It goes back to the head of its queue as it was: not run to its end, and no failure. */
 | {
    readonly kind: "released";
    readonly stored: StoredJob;
};
/** What the rule needs to know of the moment. */
export interface Moment {
    /** Epoch time in ms. */
    readonly nowMs: number;
    /** From 0 to below 1. */
    readonly random: number;
}
/**
 * What becomes of a job whose task ended so. `undefined` if it is not ours any more and nothing may
 * be said of it.
 *
 * @param moment - asked only where it matters: for a retry
 *
 * Source: spinach/job.py advance_job_status; releasing and fencing are ours
 */
export declare function settle(stored: StoredJob, result: Result, moment: () => Moment): Outcome | undefined;

// core/task.d.ts
import type { Kwargs } from "./kwargs.ts";
/** What one job may have of its own, instead of what its task says. */
export interface JobOptions {
    /** Queue to put it in. It must not start with `_`. @defaultValue `"spinach"` */
    readonly queue?: string | undefined;
    /**
     * How often it is tried again after a failure, up to 2^31 - 1. 0 makes it at-most-once: it starts once or never.
     * More makes it at-least-once: it runs until it succeeds or has failed `1 + maxRetries` times.
     * @defaultValue 0
     */
    readonly maxRetries?: number | undefined;
    /**
     * Longest run in ms, from 1 to 2^31 - 1. Then the job's signal aborts; a task that ignores it is
     * given up after a grace, and the job has failed. @defaultValue none
     */
    readonly timeout?: number | undefined;
}
/** What all jobs of a task share. */
export interface TaskOptions extends JobOptions {
    /** Runs it every so many ms, from 1 to 100 years, once in the whole cluster, without arguments. */
    readonly periodicity?: number | undefined;
    /** Most jobs of it running at once in the whole cluster, from 1 to 2^31 - 1. */
    readonly maxConcurrency?: number | undefined;
    /**
     * Fewest arguments a job must have. @defaultValue the function's `length`, which counts the
     * parameters before the first default; set it if you use TypeScript's `b?`.
     */
    readonly requiredArgs?: number | undefined;
}
/** Any function of any arguments, to be called only with arguments that came with a job. */
export type TaskFunction = (this: void, ...args: never[]) => unknown;
/** A task as the engine knows it: every option checked and filled in. */
export interface TaskDefinition {
    readonly name: string;
    readonly queue: string;
    readonly maxRetries: number;
    readonly periodicityMs: number | undefined;
    readonly maxConcurrency: number | undefined;
    readonly timeoutMs: number | undefined;
    readonly requiredArgs: number;
    /** `undefined` for a task that is only declared: its function lives elsewhere. */
    readonly fn: TaskFunction | undefined;
    /** URL of the module that threads import to get the function. */
    readonly module: string | undefined;
}
/** A task that this process can run. */
export interface RunnableTask extends TaskDefinition {
    readonly fn: TaskFunction;
}
/** Whether this process has the task's function. */
export declare function isRunnable(definition: TaskDefinition): definition is RunnableTask;
/**
 * A registered task: still callable as its function, and what `schedule` takes.
 *
 * `Args` is what its jobs take, `Result` what the function returns.
 */
export interface Task<Args extends readonly unknown[] = never, Result = unknown> {
    (...args: Args): Result;
    readonly taskName: string;
    /** The same task with other options, for one schedule call. */
    with(options: JobOptions): Task<Args, Result>;
    /** What `with` has changed. */
    readonly jobOptions: JobOptions;
}
/** The task of a function. */
export type TaskOf<Fn extends TaskFunction> = Task<Parameters<Fn>, ReturnType<Fn>>;
/** Arguments of a call: the function's own, the last of which may come as `kwargs({...})`. */
export type CallArgs<Args extends readonly unknown[]> = Args extends readonly [
    ...infer Head,
    infer Last
] ? [...Args] | [...Head, LastAsKwargs<Last>] : Args extends readonly [...infer Head, (infer Last)?] ? [...Args] | [...Head, LastAsKwargs<Last>] : [...Args];
/** A last argument given as `kwargs({...})`, where it is an object. */
type LastAsKwargs<Last> = Last extends object ? Kwargs<Last> : never;
/** A task, or the name of one. A name takes any arguments: only a task knows their types. */
export type TaskReference = string | Pick<Task, "taskName" | "jobOptions">;
export {};

// core/tasks.d.ts
import { type JobOptions, type Task, type TaskFunction, type TaskOf, type TaskOptions } from "./task.ts";
/** Options of a registry: what its tasks get unless they say otherwise. */
export interface TasksOptions extends Omit<TaskOptions, "requiredArgs"> {
    /** `import.meta.url` of the module that makes the registry, or the name of its package, so that threads can load it. */
    readonly module?: string | undefined;
}
/**
 * A registry of tasks, made apart from any engine and attached to one (or several) later.
 *
 * @example
 * const mails = new Tasks({ queue: "mails", maxRetries: 5, module: import.meta.url });
 * export const welcome = mails.task("welcome", async (userId: number) => { ... });
 * spin.attachTasks(mails);
 */
export declare class Tasks {
    #private;
    /** @throws TypeError or RangeError if an option is not valid */
    constructor(defaults?: TasksOptions);
    /**
     * Registers a function as a task.
     *
     * @param name - unique among the tasks of an engine; jobs carry it
     * @throws TypeError if an argument is of the wrong type
     * @throws RangeError if the name is empty or taken, or an option is out of range
     */
    task<Fn extends TaskFunction>(name: string, fn: Fn): TaskOf<Fn>;
    task<Fn extends TaskFunction>(name: string, options: TaskOptions, fn: Fn): TaskOf<Fn>;
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
    declare<Args extends unknown[]>(name: string, options?: JobOptions): Task<Args, Promise<unknown>>;
}

// core/thread-errors.d.ts
/** The errors of jobs that run on threads. */
import { SpinachError } from "./errors.ts";
/**
 * The thread that ran a job ended before the job did: it called `process.exit()`, threw where nobody caught it,
 * ran out of memory, or was terminated. `cause` is what the thread died of, if that is known.
 */
export declare class ThreadDiedError extends SpinachError {
    readonly code = "THREAD_DIED";
    readonly exitCode: number;
    constructor(taskName: string, exitCode: number, options?: ErrorOptions);
}
/** A thread could not start; `cause` is why. */
export declare class ThreadStartError extends SpinachError {
    readonly code = "THREAD_START";
    /** @param problem - what the cause alone, if there is one, does not tell */
    constructor(problem?: string, options?: ErrorOptions);
}
/** A job names a task that this process has, but its worker threads do not. */
export declare class TaskNotInThreadsError extends SpinachError {
    readonly code = "TASK_NOT_IN_THREADS";
    readonly taskName: string;
    constructor(taskName: string, hasModule: boolean);
}
/** What to do with a task whose function lives in this thread only. */
export declare const MODULE_REMEDY: string;

// engine/engine.d.ts
import type { Broker } from "../brokers/broker.ts";
import type { Batch } from "../core/batch.ts";
import type { Job } from "../core/job.ts";
import type { CallArgs, Task, TaskFunction, TaskOf, TaskOptions } from "../core/task.ts";
import { Tasks } from "../core/tasks.ts";
import type { Logger } from "../platform/logger.ts";
import { type Runtime } from "../platform/runtime.ts";
import { type EventName, type Receiver } from "../signals/signals.ts";
import type { StopOptions } from "../workers/workers.ts";
import type { RunningWorkers, RunOptions, StartWorkersOptions } from "./running-workers.ts";
import { TransactionScheduler } from "./transaction-scheduler.ts";
/** Options of an engine. */
export interface EngineOptions {
    /** Keeps apart programs that share a broker. Not empty. @defaultValue `"spinach"` */
    readonly namespace?: string | undefined;
    /** Where Spinach writes. @defaultValue warnings and errors to stderr */
    readonly logger?: Logger | undefined;
    /** Clock, timers, random, ids and log; for tests. @defaultValue the real ones */
    readonly runtime?: Runtime | undefined;
}
/**
 * Ties tasks, a broker and workers together. A program that only schedules needs no workers; one that
 * runs jobs starts some, on one queue or several.
 *
 * @example
 * const spin = new Engine(new MemoryBroker());
 * const greet = spin.task("greet", (name: string) => { console.log(`Hello ${name}`); });
 * await spin.schedule(greet, "Ada");
 * await spin.run({ workers: new AsyncWorkers(), stopWhenQueueEmpty: true });
 */
export declare class Engine {
    #private;
    /** The namespace it works in. */
    readonly namespace: string;
    /** @throws TypeError or RangeError if an option is not valid, or another engine has the broker */
    constructor(broker: Broker, options?: EngineOptions);
    /**
     * Registers a function as a task of this engine.
     *
     * @throws TypeError or RangeError if the name is empty or taken, or an option is not valid
     *
     * @example
     * const pay = spin.task("pay", { maxRetries: 5, timeout: 30_000 }, async (id: number) => { ... });
     */
    task<Fn extends TaskFunction>(name: string, fn: Fn): TaskOf<Fn>;
    task<Fn extends TaskFunction>(name: string, options: TaskOptions, fn: Fn): TaskOf<Fn>;
    /**
     * Takes in registries, and whatever is registered in them later.
     * @throws RangeError if a name is taken; that registry is then left out whole
     */
    attachTasks(...registries: readonly Tasks[]): void;
    /**
     * Schedules a job to run as soon as possible. Resolves when the broker has it.
     *
     * Rejects with UnknownTaskError, InvalidJobSignatureError, InvalidJobArgumentsError, BrokerError or
     * EngineClosedError, or with RangeError for a task of a registry that is not attached, if another task
     * here has its name; nothing is enqueued then.
     *
     * @param task - a task, or its name; a task checks the types of the arguments
     */
    schedule(task: string, ...args: unknown[]): Promise<Job>;
    schedule<Args extends unknown[], Result>(task: Task<Args, Result>, ...args: CallArgs<Args>): Promise<Job>;
    /**
     * Schedules a job to run at a date; one that has passed means now. Rejects as `schedule` does, and
     * with TypeError or RangeError if `at` is not a valid Date.
     */
    scheduleAt(task: string, at: Date, ...args: unknown[]): Promise<Job>;
    scheduleAt<Args extends unknown[], Result>(task: Task<Args, Result>, at: Date, ...args: CallArgs<Args>): Promise<Job>;
    /**
     * Schedules a job to run a time in ms after the store has it, by the clock of the store: whatever this machine's
     * clock shows. 0 means as soon as possible; at most a hundred years. The `at` of the job is by this machine's clock.
     * Rejects as `schedule` does, and with TypeError or RangeError if `ms` is not such a time.
     */
    scheduleIn(task: string, ms: number, ...args: unknown[]): Promise<Job>;
    scheduleIn<Args extends unknown[], Result>(task: Task<Args, Result>, ms: number, ...args: CallArgs<Args>): Promise<Job>;
    /**
     * Schedules the jobs of a batch, in their order, in one trip. All or nothing up to 10,000 jobs; a
     * larger batch goes in chunks of that, and BatchInterruptedError tells how many are in. Nothing is
     * enqueued if any of the jobs is not valid.
     */
    scheduleBatch(batch: Batch): Promise<Job[]>;
    /**
     * Schedules within a transaction that the application has begun on the broker's store: its jobs exist
     * if and only if that commits. Only a SqliteBroker can, given the application's `DatabaseSync`.
     *
     * @example
     * db.exec("BEGIN IMMEDIATE");
     * const { lastInsertRowid } = insertOrder.run("tea");
     * spin.inTransaction(db).schedule(sendInvoice, Number(lastInsertRowid));
     * db.exec("COMMIT");
     */
    inTransaction(transaction: object): TransactionScheduler;
    /**
     * Runs a task here and now, without broker and workers, as a job would run it: the arguments are
     * checked and travel through JSON, and `currentJob()` works. For tests. Resolves to what the
     * function returns; rejects with what it throws.
     */
    execute(task: string, ...args: unknown[]): Promise<unknown>;
    execute<Args extends unknown[], Result>(task: Task<Args, Result>, ...args: CallArgs<Args>): Promise<Awaited<Result>>;
    /**
     * Starts workers on a queue. Resolves when they take jobs. May be called once for each queue.
     *
     * Rejects with TypeError or RangeError if an option is not valid, the queue has workers of this
     * engine already, or the workers were used before; with BrokerError if the broker cannot start; with
     * EngineClosedError if the engine is closed meanwhile. A store that is not ready yet, such as a Redis that loads its
     * data, is waited for.
     */
    startWorkers(options: StartWorkersOptions): Promise<RunningWorkers>;
    /**
     * Starts workers and waits for their end; SIGINT (^C) and SIGTERM stop them, a second signal at
     * once. Then closes the engine, unless other workers of it still run.
     *
     * Rejects as `startWorkers` does.
     */
    run(options: RunOptions): Promise<void>;
    /**
     * Stops all workers of this engine, as `RunningWorkers.stop` does. It can schedule, and start other
     * workers, afterwards.
     */
    stopWorkers(options?: StopOptions): Promise<void>;
    /**
     * Stops the workers and lets go of the broker, for good. Safe at any time, and twice; a second call
     * may only shorten the wait.
     */
    close(options?: StopOptions): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;
    /**
     * Calls `receiver` at each event, until `off`. What it throws is logged and hurts nothing.
     * @throws RangeError if there is no such event
     */
    on<Name extends EventName>(name: Name, receiver: Receiver<Name>): this;
    /** Undoes `on`. */
    off<Name extends EventName>(name: Name, receiver: Receiver<Name>): this;
}

// engine/running-workers.d.ts
import type { StopOptions, Workers } from "../workers/workers.ts";
/** Options of `engine.startWorkers`. */
export interface StartWorkersOptions {
    /** What runs the jobs; an instance serves once. */
    readonly workers: Workers;
    /** Which queue to work on; each at most once per engine at a time. @defaultValue `"spinach"` */
    readonly queue?: string | undefined;
    /**
     * Stops by itself when no job is ready, running here, or parked behind a concurrency limit. Jobs
     * of the future, retries included, are not waited for. @defaultValue false
     */
    readonly stopWhenQueueEmpty?: boolean | undefined;
}
/** Options of `engine.run`. */
export interface RunOptions extends StartWorkersOptions {
    /**
     * After SIGINT or SIGTERM, how long running jobs may go on, in ms. @defaultValue 25_000
     */
    readonly stopTimeout?: number | undefined;
}
/** Workers that were started on one queue. */
export interface RunningWorkers extends AsyncDisposable {
    /** Resolves when they have stopped, for whatever reason. Never rejects. */
    readonly finished: Promise<void>;
    /**
     * Stops them: no new jobs; running ones may end within the timeout, then their signals abort, then
     * they are handed back to the queue (at-least-once) or failed (at-most-once). Always resolves. A
     * second call may only shorten the wait.
     *
     * @throws TypeError or RangeError if the timeout is not valid
     */
    stop(options?: StopOptions): Promise<void>;
}

// engine/transaction-scheduler.d.ts
import type { Batch } from "../core/batch.ts";
import type { Job } from "../core/job.ts";
import type { CallArgs, Task } from "../core/task.ts";
/**
 * Schedules jobs within a transaction of the application: a job exists if and only if that transaction
 * commits. All calls are synchronous. Workers start a job after the commit.
 */
export declare class TransactionScheduler {
    #private;
    /**
     * Schedules a job to run as soon as possible after the commit.
     *
     * @throws UnknownTaskError, InvalidJobSignatureError, InvalidJobArgumentsError; BrokerError if the store
     *   refuses; TypeError or RangeError if there is no open transaction on the broker's store. Nothing is
     *   written then.
     */
    schedule(task: string, ...args: unknown[]): Job;
    schedule<Args extends unknown[], Result>(task: Task<Args, Result>, ...args: CallArgs<Args>): Job;
    /** Schedules a job to run at a date; one that has passed means at the commit. @throws as `schedule` does */
    scheduleAt(task: string, at: Date, ...args: unknown[]): Job;
    scheduleAt<Args extends unknown[], Result>(task: Task<Args, Result>, at: Date, ...args: CallArgs<Args>): Job;
    /** Schedules a job to run a time in ms from now on, 0 to a hundred years. @throws as `schedule` does */
    scheduleIn(task: string, ms: number, ...args: unknown[]): Job;
    scheduleIn<Args extends unknown[], Result>(task: Task<Args, Result>, ms: number, ...args: CallArgs<Args>): Job;
    /** Schedules the jobs of a batch, in their order, all or none. @throws as `schedule` does */
    scheduleBatch(batch: Batch): Job[];
}

// index.d.ts
/**
 * Spinach: a task queue whose jobs run as coroutines or on threads, over one broker interface.
 *
 * @module
 */
export type { Broker } from "./brokers/broker.ts";
export { MemoryBroker, type MemoryBrokerOptions } from "./brokers/memory/memory-broker.ts";
export { MemoryStore } from "./brokers/memory/memory-store.ts";
export { Batch } from "./core/batch.ts";
export { AbortError, BatchInterruptedError, BrokerError, EngineClosedError, InvalidJobArgumentsError, InvalidJobSignatureError, JobTimeoutError, LeaseLostError, MalformedJobError, RetryError, SpinachError, UnknownTaskError, WorkersStoppedError, } from "./core/errors.ts";
export { TaskNotInThreadsError, ThreadDiedError, ThreadStartError } from "./core/thread-errors.ts";
export type { Job } from "./core/job.ts";
export { JobStatus } from "./core/job-status.ts";
export { kwargs, type Kwargs } from "./core/kwargs.ts";
export type { CallArgs, JobOptions, Task, TaskFunction, TaskOf, TaskOptions } from "./core/task.ts";
export { Tasks, type TasksOptions } from "./core/tasks.ts";
export { Engine, type EngineOptions } from "./engine/engine.ts";
export type { RunningWorkers, RunOptions, StartWorkersOptions } from "./engine/running-workers.ts";
export type { TransactionScheduler } from "./engine/transaction-scheduler.ts";
export type { Logger, LogMethod } from "./platform/logger.ts";
export type { EventName, JobEvent, Receiver, SpinachEvents, WorkerEvent, } from "./signals/signals.ts";
export { AsyncWorkers, type AsyncWorkersOptions } from "./workers/async-workers.ts";
export { currentEngine, type CurrentEngine } from "./workers/current-engine.ts";
export { currentJob, type CurrentJob } from "./workers/current-job.ts";
export { ThreadWorkers, type ThreadWorkersOptions } from "./workers/threads/thread-workers.ts";
export type { StopOptions, Workers } from "./workers/workers.ts";

// platform/logger.d.ts
/** Levels that Spinach writes at, from the least to the most important. */
export type LogLevel = "debug" | "info" | "warn" | "error";
/** Writes one line: fields for machines, a message for people. */
export type LogMethod = (fields: object, message: string) => void;
/**
 * A pino-shaped logger: a pino instance is one. Where `isLevelEnabled` exists, nothing is computed
 * for a level that is off.
 */
export interface Logger {
    readonly debug: LogMethod;
    readonly info: LogMethod;
    readonly warn: LogMethod;
    readonly error: LogMethod;
    child?(bindings: object): Logger;
    isLevelEnabled?(level: string): boolean;
}
/** A logger whose every line also carries `bindings`. */
export declare function childLogger(logger: Logger, bindings: object): Logger;
/** Whether a line at this level would be written; a logger that cannot tell is asked each time. */
export declare function isLogged(logger: Logger, level: LogLevel): boolean;

// platform/runtime.d.ts
import type { Logger } from "./logger.ts";
/** Reads the time. */
export interface Clock {
    /** Epoch time in ms; it may jump. */
    now(): number;
    /** Time in ms since some start; it never goes back. Only differences mean something. */
    monotonic(): number;
}
/** A timer that was set. Cancelling it twice, or after it fired, does nothing. */
export interface Timer {
    cancel(): void;
}
/** Sets timers. */
export interface Timers {
    /** Calls back once, after `delayMs` (at most 2^31 - 1); it keeps the process alive until then. */
    set(callback: () => void, delayMs: number): Timer;
    /** Lets the event loop take in sockets and timers, then goes on. */
    yield(): Promise<void>;
}
/** The only door to time, chance and the log: what a test replaces to own them. */
export interface Runtime {
    readonly clock: Clock;
    readonly timers: Timers;
    /** From 0 to below 1. */
    readonly random: () => number;
    /** A new UUID. */
    readonly newId: () => string;
    readonly logger: Logger;
}
/** The clock of Node. */
export declare const systemClock: Clock;
/** The timers of Node. */
export declare const systemTimers: Timers;
/** The real world. */
export declare function systemRuntime(): Runtime;

// queue/queuey-handle.d.ts
/**
 * What goes to another thread, in `workerData` or by `postMessage`, for `Queuey.attach` there. A plain
 * object; structured cloning shares its buffers.
 */
export interface QueueyHandle {
    /** Tells it from other objects. */
    readonly kind: "spinach.queuey";
    /** Of the layout of the buffers. */
    readonly version: number;
    readonly control: SharedArrayBuffer;
    readonly payload: SharedArrayBuffer;
}

// queue/queuey-options.d.ts
/** What a new Queuey is to be. */
export interface QueueyOptions {
    /** Most items that are put and not yet done, from 1 to 1,048,576. */
    readonly maxSize: number;
    /**
     * Bytes that each of these items has for its value, from 8 to 1,048,576, rounded up to a multiple of 8. A
     * larger value passes too, only more slowly.
     * @defaultValue 1024
     */
    readonly slotBytes?: number | undefined;
    /**
     * Most bytes of all values that are larger than a slot, from 0 to 4 GiB, rounded up to pages of 16 KiB.
     * Memory is taken as they need it, and kept.
     * @defaultValue 67_108_864 (64 MiB)
     */
    readonly maxBytes?: number | undefined;
}
/** How long a call may block. */
export interface SyncOptions {
    /**
     * Longest wait in ms, from 0. At 0 it does not wait for an item or for room, only for threads that are
     * just then inside the queue, up to 10 ms.
     * @defaultValue Infinity
     */
    readonly timeout?: number | undefined;
}
/** How a call that waits can be given up. */
export interface AsyncOptions {
    /** When it aborts, the call rejects with its reason, and nothing was put or taken. */
    readonly signal?: AbortSignal | undefined;
}

// queue/queuey.d.ts
import { type QueueyHandle } from "./queuey-handle.ts";
import { type AsyncOptions, type QueueyOptions, type SyncOptions } from "./queuey-options.ts";
/** An item that was taken, to be told done by its ticket. */
export interface TakenItem<Value> {
    readonly value: Value;
    /** Its number in the order of puts, from 0 to 2^32 - 1, and around. */
    readonly ticket: number;
}
/**
 * A bounded queue that blocking code and async code share, across the threads of a process. Any number of
 * threads may put and get, each through a Queuey of its own on the same {@link Queuey.handle}.
 *
 * - Order is first in, first out, by the moment of the put. Puts of one thread keep their order, as long as
 *   it does not call `putSync` while a `putAsync` of its own still waits.
 * - Every item is taken once. It holds its place until `taskDone`, so a queue is full of unfinished work.
 * - Values are JSON data, or a `Uint8Array` (a Buffer arrives as a Uint8Array); they are copied in at the
 *   call, and out.
 * - A call that need not wait resolves without a turn of the event loop; in a loop of such calls the event loop
 *   turns every 5 ms all the same, for timers and sockets.
 * - While a `putAsync` or `getAsync` waits, its thread stays alive. An idle queue keeps nothing alive.
 * - A thread may end at any instant. Whoever learns of it calls {@link Queuey.abandon}.
 *
 * @example
 * const queue = new Queuey<string>({ maxSize: 100 });
 * const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: queue.handle });
 * await queue.putAsync("hello");
 *
 * // worker.js
 * const queue = Queuey.attach(workerData);
 * console.log(queue.getSync());
 * queue.taskDone();
 */
export declare class Queuey<Value = unknown> {
    #private;
    /**
     * Makes a new queue.
     * @throws TypeError or RangeError if an option is not what it must be, or memory is lacking
     */
    constructor(options: QueueyOptions);
    /**
     * Joins the queue that a handle leads to, from any thread.
     * @throws TypeError if it is no handle, one of another version, or one whose buffers are not whole
     */
    static attach<Value = unknown>(handle: QueueyHandle): Queuey<Value>;
    /** What other threads {@link Queuey.attach} to. */
    get handle(): QueueyHandle;
    /** Most items that are put and not yet done. */
    get maxSize(): number;
    /** Items that wait to be taken. Like all such numbers it may be another one when you read it. */
    get size(): number;
    /** How many more items can be put until one is done. Items that are taken and not done count. */
    get availableSlots(): number;
    /** Whether no item waits to be taken. */
    get empty(): boolean;
    /** Whether there are `maxSize` items that wait, or are taken and not done. */
    get full(): boolean;
    /** Whether it was closed, in this thread or another. */
    get closed(): boolean;
    /**
     * Puts a value at the end; blocks this thread while the queue is full.
     * @throws QueueTimeoutError if it is still full after the timeout
     * @throws QueueClosedError if the queue is closed, also while it waits
     * @throws InvalidQueueValueError if the value is neither JSON nor bytes
     * @throws QueueValueTooLargeError if the value can never fit
     * @throws BlockingNotAllowedError where threads must not be blocked
     */
    putSync(value: Value, options?: SyncOptions): void;
    /**
     * Puts a value at the end; waits while the queue is full, or while other calls of this thread wait before
     * it. Resolves when it is in.
     *
     * Rejects as {@link putSync} throws, but for times and blocking, and with the signal's reason.
     */
    putAsync(value: Value, options?: AsyncOptions): Promise<void>;
    /** {@link takeSync}, the value only. `taskDone()` without a ticket is for the oldest that was taken. */
    getSync(options?: SyncOptions): Value;
    /** {@link takeAsync}, the value only. `taskDone()` without a ticket is for the oldest that was taken. */
    getAsync(options?: AsyncOptions): Promise<Value>;
    /**
     * Takes the oldest item; blocks this thread while there is none.
     * @throws QueueTimeoutError if there is still none after the timeout
     * @throws QueueClosedError if the queue is closed and all was taken, also while it waits
     * @throws BlockingNotAllowedError where threads must not be blocked
     */
    takeSync(options?: SyncOptions): TakenItem<Value>;
    /**
     * Takes the oldest item; waits while there is none, or while other calls of this thread wait before it.
     *
     * Rejects with QueueClosedError if the queue is closed and all was taken, and with the signal's reason.
     * A call that was served has its item even if its signal aborts at the same moment.
     */
    takeAsync(options?: AsyncOptions): Promise<TakenItem<Value>>;
    /**
     * The work on an item is done: its place is free. Never blocks.
     * @param ticket - of the item; without it, the oldest that was taken through this object
     * @throws ItemNotTakenError if it was not taken through this object, is done already, or abandoned
     */
    taskDone(ticket?: number): void;
    /**
     * Closes the queue for all threads and wakes all who wait: nothing can be put any more, and what is in it
     * can still be taken. Items that are put while it closes are either in or refused. Never blocks; a second
     * call does nothing.
     */
    close(): void;
    /**
     * To be called when a thread that used this queue has ended, by one that lives: gives back what the dead
     * thread held of the queue, so that nobody waits for it for ever. Use the worker's `exit` event, and note its
     * `threadId` before: afterwards it is -1. Calling it for a thread that lives breaks the queue.
     *
     * Resolves with what the thread had taken and not done, oldest first; their places are free. Put them
     * again, or settle them otherwise.
     * @param deadThreadId - `worker.threadId`
     *
     * Rejects with TypeError or RangeError if it is no id of another thread.
     */
    abandon(deadThreadId: number): Promise<ReadonlyArray<TakenItem<Value>>>;
}

// queuey.d.ts
/**
 * The hybrid queue: blocking code and async code share it, across threads.
 *
 * @module
 */
export { BlockingNotAllowedError, InvalidQueueValueError, ItemNotTakenError, QueueClosedError, QueueTimeoutError, QueueValueTooLargeError, } from "./core/errors.ts";
export { Queuey, type TakenItem } from "./queue/queuey.ts";
export type { QueueyHandle } from "./queue/queuey-handle.ts";
export type { AsyncOptions, QueueyOptions, SyncOptions } from "./queue/queuey-options.ts";

// redis.d.ts
/**
 * The broker on Redis, for clusters. Needs the optional peer dependency `@redis/client`.
 *
 * @module
 */
export type { CheckServerIdentity, RedisCredential } from "./brokers/redis/asked-options.ts";
export type { RedisBrokerOptions } from "./brokers/redis/redis-broker-options.ts";
export { RedisBroker } from "./brokers/redis/redis-broker.ts";
export type { RedisNodeOptions, RedisSocketOptions } from "./brokers/redis/redis-node.ts";
export type { RedisAddress, RedisClientLike, RedisClusterOptions, RedisLocation, RedisOptions, RedisSentinelOptions, } from "./brokers/redis/redis-target.ts";

// signals/signals.d.ts
import type { Job } from "../core/job.ts";
/** Something happened to a job. */
export interface JobEvent {
    readonly namespace: string;
    readonly job: Job;
    /** What the task threw, if it did. */
    readonly err?: unknown;
    /** How long the task ran, in ms, once it has ended. */
    readonly durationMs?: number;
}
/** Something happened to a worker. */
export interface WorkerEvent {
    readonly namespace: string;
    readonly workerName: string;
}
/** The events of an engine. Source: spinach/signals.py */
export interface SpinachEvents {
    /** A worker starts to run the job. */
    readonly jobStarted: JobEvent;
    /** The task has ended, whatever the outcome. Comes after `jobFailed` or `jobRetryScheduled`. */
    readonly jobFinished: JobEvent;
    /** The job failed for good. */
    readonly jobFailed: JobEvent;
    /** The task failed, and the job will run again at `job.at`. */
    readonly jobRetryScheduled: JobEvent;
    readonly workerStarted: WorkerEvent;
    readonly workerTerminated: WorkerEvent;
}
export type EventName = keyof SpinachEvents;
/** Gets the events it was registered for. What it throws, or rejects with, is logged. */
export type Receiver<Name extends EventName> = (event: SpinachEvents[Name]) => unknown;
/** The names of all events. */
export declare const EVENT_NAMES: readonly string[];
/** Whether this is the name of an event. */
export declare function isEventName(name: unknown): name is EventName;
/** Told of what a receiver threw or rejected with. */
export type FaultListener = (err: unknown, name: EventName) => void;
/**
 * Sends events to receivers that cannot hurt the sender, and to the `node:diagnostics_channel`
 * named `spinach:<event>`. Ask `isObserved` before building an event: most have no receiver.
 */
export declare class Signals {
    #private;
    constructor(onFault: FaultListener);
    on<Name extends EventName>(name: Name, receiver: Receiver<Name>): void;
    off<Name extends EventName>(name: Name, receiver: Receiver<Name>): void;
    isObserved(name: EventName): boolean;
    /** Calls the receivers in the order they were added; never throws. */
    emit<Name extends EventName>(name: Name, event: SpinachEvents[Name]): void;
}

// sqlite.d.ts
/**
 * The broker on an SQLite file, for the processes of one machine. Needs `node:sqlite`, which Node has
 * built in, and loads it when a broker starts.
 *
 * @module
 */
export type { SqliteBrokerOptions } from "./brokers/sqlite/sqlite-broker-options.ts";
export { SqliteBroker } from "./brokers/sqlite/sqlite-broker.ts";

// testing.d.ts
/**
 * What tests of programs and of brokers need: a runtime whose time and chance they own, and a broker
 * that fails when told to.
 *
 * @module
 */
export type { Broker, BrokerContext, Due, ExchangeReply, ExchangeRequest, ReconcileRequest, JobFailedByDeath, RescueReply, WakeUpListener, } from "./brokers/broker.ts";
export type { StoredJob } from "./core/job.ts";
export { decodeJob, type JobChanges, rewriteJob } from "./core/job-codec.ts";
export type { Outcome, Result } from "./core/outcome.ts";
export type { RunnableTask, TaskDefinition } from "./core/task.ts";
export type { Clock, Runtime, Timer, Timers } from "./platform/runtime.ts";
export { brokerConformance } from "./testing/conformance/broker-conformance.ts";
export { type LocalQueueEnds, type LocalQueueKind, queueConformance, } from "./testing/conformance/queue-conformance.ts";
export { type BrokerKind, JobMaker, type TestCluster, testTask, } from "./testing/conformance/test-cluster.ts";
export type { FinishedJob, Workers, WorkersContext, WorkersSink } from "./workers/workers.ts";
export { type WorkersKind, type WorkersTime } from "./testing/conformance/workers-bench.ts";
export { workersConformance } from "./testing/conformance/workers-conformance.ts";
export { type BrokerCall, type Fault, FaultBroker } from "./testing/fault-broker.ts";
export { FakeRuntime, type FakeRuntimeOptions, settled } from "./testing/fake-runtime.ts";
export { simulate, SIMULATED_INVARIANTS, type SimulationOptions, type SimulationReport, } from "./testing/simulation/simulate.ts";
export { type LogLine, RecordingLogger } from "./testing/recording-logger.ts";
export { type Random, seededIds, seededRandom } from "./testing/seeded-random.ts";

// testing/conformance/broker-conformance.d.ts
import { type BrokerKind } from "./test-cluster.ts";
/**
 * The promises of a broker, as tests of `node:test`: call it at the top of a test file.
 *
 * @example
 * brokerConformance({ name: "MyBroker", createCluster: async () => { ... } });
 */
export declare function brokerConformance(kind: BrokerKind): void;

// testing/conformance/queue-conformance.d.ts
/** A queue of jobs inside a process, as its two ends see it. */
export interface LocalQueueEnds<Item> {
    /** Puts an item at its end. */
    put(item: Item): void;
    /** Takes the oldest item, which is done with at once; `undefined` if there is none. Does not wait. */
    take(): Item | undefined;
    /** Items that wait. */
    readonly size: number;
}
/** A kind of local queue, for its conformance tests. */
export interface LocalQueueKind {
    readonly name: string;
    /** An empty queue that takes at least `room` items. */
    create(room: number): LocalQueueEnds<string>;
}
/**
 * What every local queue promises, as tests of `node:test`: call it at the top of a test file. What only one that
 * blocks, or is shared by threads, promises is not here.
 *
 * @example
 * queueConformance({ name: "Deque", create: () => new Deque() });
 */
export declare function queueConformance(kind: LocalQueueKind): void;

// testing/conformance/test-cluster.d.ts
import type { Broker } from "../../brokers/broker.ts";
import type { StoredJob } from "../../core/job.ts";
import type { TaskDefinition, TaskOptions } from "../../core/task.ts";
/** Brokers of one kind that share one empty namespace, and the time they live in. */
export interface TestCluster {
    /** A new broker of the cluster, bound and started. */
    broker(): Promise<Broker>;
    /** The brokers' wall clock, epoch ms. */
    now(): number;
    /** Lets time pass: simulated if the brokers take their time from a runtime, else real. */
    pass(ms: number): Promise<void>;
    /** Sets the brokers' wall clock forward or back, in ms; missing where none of theirs counts. */
    jump?(ms: number): void;
    /** Stops every broker, and removes what they left. */
    close(): Promise<void>;
}
/** What a conformance suite needs to know of a kind of broker. */
export interface BrokerKind {
    /** For the titles of the tests. */
    readonly name: string;
    /** A cluster on an empty namespace. */
    createCluster(): Promise<TestCluster>;
}
/** A task with a function that is never called, as a broker sees it. */
export declare function testTask(name: string, options?: TaskOptions): TaskDefinition;
/** Makes jobs for a test, with ids that count up: `...-000000000001`. */
export declare class JobMaker {
    #private;
    /** @param clock - tells the brokers' time */
    constructor(clock: Pick<TestCluster, "now">);
    /** @param atMs - epoch ms; now unless given */
    make(task: TaskDefinition, args?: readonly unknown[], atMs?: number): StoredJob;
    makeMany(count: number, task: TaskDefinition): readonly StoredJob[];
}

// testing/conformance/workers-bench.d.ts
import { type JobOptions } from "../../core/task.ts";
import type { Runtime } from "../../platform/runtime.ts";
import type { FinishedJob, Workers } from "../../workers/workers.ts";
/** The time that workers under test live in. */
export interface WorkersTime {
    readonly runtime: Runtime;
    /** Lets time pass: simulated if the workers take all their time from the runtime, else real. */
    pass(ms: number): Promise<void>;
}
/** What a conformance suite needs to know of a kind of workers. */
export interface WorkersKind {
    /** For the titles of the tests. */
    readonly name: string;
    /** Workers with so many slots, and so long a grace after a timeout, in ms. */
    create(options: {
        readonly number: number;
        readonly timeoutGrace: number;
    }): Workers;
    createTime(): WorkersTime;
}
/** Grace after a timeout of the workers under test, in ms. */
export declare const TIMEOUT_GRACE_MS = 20;
/** Workers under test, and what they reported. */
export declare class WorkersBench {
    #private;
    readonly workers: Workers;
    readonly time: WorkersTime;
    /** Ids of the jobs that were reported as started. */
    readonly started: string[];
    readonly finished: FinishedJob[];
    readonly workerEvents: string[];
    constructor(kind: WorkersKind, number: number);
    start(): Promise<void>;
    /** Resolves when so many slots are free: as they are, or as soon as a thread works in place of another. */
    slots(count: number): Promise<void>;
    /** Submits a job. Resolves when it has ended. */
    run(taskName: string, ...args: readonly unknown[]): Promise<FinishedJob>;
    runWith(options: JobOptions & {
        readonly taskTimeoutMs?: number;
    }, taskName: string, ...args: readonly unknown[]): Promise<FinishedJob>;
    /** Runs a function of the test itself: for workers on the thread of the test. */
    runFunction(fn: () => unknown, options?: JobOptions): Promise<FinishedJob>;
    /** Opens a gate again and again, until a job that waits for it has ended. */
    open(gate: string, until: Promise<unknown>): Promise<void>;
    /** Lets time pass in small steps until something has happened. */
    passUntil(what: Promise<unknown>): Promise<void>;
}
/** What a task that succeeded returned. */
export declare function valueOf({ result }: FinishedJob): unknown;
/** What a task that failed threw. */
export declare function errorOf({ result }: FinishedJob): unknown;

// testing/conformance/workers-conformance.d.ts
import { type WorkersKind } from "./workers-bench.ts";
/**
 * The promises of workers, as tests of `node:test`: call it at the top of a test file.
 *
 * @example
 * workersConformance({ name: "MyWorkers", create: (options) => new MyWorkers(options), createTime });
 */
export declare function workersConformance(kind: WorkersKind): void;

// testing/fake-runtime.d.ts
import { type Clock, type Runtime, type Timers } from "../platform/runtime.ts";
import { type LogLine, RecordingLogger } from "./recording-logger.ts";
/** Options of a fake runtime. */
export interface FakeRuntimeOptions {
    /** Decides random numbers and ids. @defaultValue 1 */
    readonly seed?: number;
    /** Epoch time to start at, in ms. @defaultValue 2026-01-01 */
    readonly startMs?: number;
}
/**
 * A runtime whose time stands still until it is told to pass, and whose chance is a seed's. Give it to
 * `new Engine(broker, { runtime, logger: runtime.logger })`.
 *
 * @example
 * const runtime = new FakeRuntime();
 * const spin = new Engine(new MemoryBroker(), { runtime });
 * await runtime.advance(60_000); // a minute passes; every timer in it fires, in order
 */
export declare class FakeRuntime implements Runtime {
    #private;
    readonly clock: Clock;
    readonly timers: Timers;
    readonly random: () => number;
    readonly newId: () => string;
    readonly logger: RecordingLogger;
    constructor({ seed, startMs }?: FakeRuntimeOptions);
    /** How many timers are set: 0 after everything was closed, or something leaks. */
    get pendingTimers(): number;
    /** What was logged so far. */
    get logs(): readonly LogLine[];
    /**
     * Lets time pass, in ms: fires the timers that are due, in order, each at its own time, and lets
     * what they started settle before the next.
     */
    advance(ms: number): Promise<void>;
    /** Sets the wall clock forward or back, as an administrator does: no time passes. */
    jump(ms: number): void;
}
/**
 * Resolves when every promise that can settle without time passing has: after the microtasks of one
 * turn of the event loop.
 */
export declare function settled(): Promise<void>;

// testing/fault-broker.d.ts
import type { Broker, BrokerContext, ClaimJobs, Due, ExchangeReply, ExchangeRequest, ReconcileRequest, RescueReply, WakeUpListener } from "../brokers/broker.ts";
import type { StoredJob } from "../core/job.ts";
import type { TaskDefinition } from "../core/task.ts";
/** The calls of a broker that can be made to fail. */
export type BrokerCall = "enqueue" | "exchange" | "isQueueEmpty" | "reconcile" | "register" | "start" | "tick";
/**
 * What goes wrong with one call: `before`: it fails without effect; `after`: it takes effect and the
 * reply is lost; `late`: it fails, and takes effect when `release` is called; `hang`: it takes effect and
 * nothing ever comes back; `none`: nothing, so that a later call fails.
 */
export type Fault = "before" | "after" | "late" | "hang" | "none";
/**
 * A broker in front of another, that fails when told to.
 *
 * @example
 * const broker = new FaultBroker(new MemoryBroker());
 * broker.failNext("exchange", "after"); // the next reply is lost, with the jobs in it
 */
export declare class FaultBroker implements Broker {
    #private;
    /** How often each call was made, failed ones included. */
    readonly calls: Record<BrokerCall, number>;
    constructor(inner: Broker);
    get id(): string;
    get isVolatile(): boolean;
    /** Makes a call fail, once; faults of the same call queue up. */
    failNext(call: BrokerCall, ...faults: readonly Fault[]): void;
    /** Lets the calls that failed `late` take their effect, in order; what they reply, nobody hears. */
    release(): Promise<void>;
    /** Holds the reply of the next such call back until the returned function is called. */
    holdNext(call: BrokerCall): () => void;
    bind(context: BrokerContext): void;
    start(): Promise<void>;
    ready(): Promise<void>;
    stop(): Promise<void>;
    enqueue(jobs: readonly StoredJob[]): Promise<void>;
    exchange(request: ExchangeRequest): Promise<ExchangeReply>;
    tick(): Promise<Due>;
    register(tasks: readonly TaskDefinition[]): Promise<void>;
    reconcile(request: ReconcileRequest): Promise<readonly StoredJob[]>;
    rescue(brokerId: string): Promise<RescueReply>;
    isQueueEmpty(queue: string): Promise<boolean>;
    flush(): Promise<void>;
    onLeaseLost(listener: () => void): () => void;
    onWakeUp(listener: WakeUpListener, claim?: ClaimJobs): () => void;
}

// testing/recording-logger.d.ts
import type { Logger, LogLevel } from "../platform/logger.ts";
/** A line that was logged. */
export interface LogLine {
    readonly level: LogLevel;
    readonly fields: object;
    readonly message: string;
}
/** A logger that keeps its lines, for tests to read. Children write to the same lines. */
export declare class RecordingLogger implements Logger {
    #private;
    readonly lines: LogLine[];
    constructor(lines?: LogLine[], bindings?: object);
    debug(fields: object, message: string): void;
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
    child(bindings: object): RecordingLogger;
}

// testing/seeded-random.d.ts
/** A source of numbers from 0 to below 1 that a seed determines. */
export type Random = () => number;
/**
 * The same numbers for the same seed, on every machine: mulberry32, good enough to choose test cases.
 *
 * @param seed - any integer; only its low 32 bits count
 */
export declare function seededRandom(seed: number): Random;
/** A source of UUIDs (version 4 in form) that `random` determines. */
export declare function seededIds(random: Random): () => string;

// testing/simulation/history.d.ts
import type { StoredJob } from "../../core/job.ts";
import type { Outcome } from "../../core/outcome.ts";
import type { Facts, Invariant, Past } from "./invariant.ts";
import { type Execution, type JobRecord, type StopRecord } from "./records.ts";
import { type JobPlan, type Scenario, type TaskName } from "./scenario.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { World } from "./world.ts";
/** A promise that was broken. */
export interface Violation {
    /** Name of the invariant, which starts with the number of the promise. */
    readonly invariant: string;
    readonly message: string;
}
/**
 * All that happened so far in a run, as an observer sees it who is everywhere at once; each fact is shown to the
 * invariants. The first one that is broken stays.
 */
export declare class History implements Past {
    #private;
    readonly world: World;
    readonly jobs: JobRecord[];
    readonly executions: Execution[];
    readonly stops: StopRecord[];
    readonly condemned: Set<string>;
    readonly processes: SimulatedProcess[];
    /** When the periodic task was first stated. */
    statedAtMs: number | undefined;
    readonly leftInBroker: Set<string>;
    /** Whether nothing goes wrong in this run. */
    readonly isCalm: boolean;
    readonly hasBeat: boolean;
    /** When the last fault ended. */
    healedAtMs: number | undefined;
    violation: Violation | undefined;
    constructor(world: World, scenario: Scenario, invariants: readonly Invariant[]);
    get nowMs(): number;
    /** How many scheduled jobs the broker has that have not ended. */
    get open(): number;
    /** Somebody calls `schedule`. */
    asked(plan: JobPlan): JobRecord;
    confirmed(key: string, id: string): void;
    /** A scheduled job came into the broker. @param dueAtMs - by its date */
    entered({ job: { id, args } }: StoredJob, dueAtMs: number): void;
    /** A process has stated its tasks. */
    released(limits: Facts["released"]): void;
    /** A periodic task was due. */
    madePeriodic(id: string): void;
    taken(holder: string, { job: { id, taskName, retries }, wire }: StoredJob): void;
    /** An outcome reached the broker. */
    told(holder: string, { kind, stored }: Outcome, dueAtMs: number): void;
    /** The broker gave a member up, and took over what it held. */
    rescued(holder: string): void;
    /** A task starts. */
    started(process: SimulatedProcess, lease: string, id: string, args: readonly unknown[]): Execution;
    /** An engine said that a job has ended. */
    finished(process: SimulatedProcess, id: string, durationMs: number): void;
    /** A process has heard that its lease is lost, and its engine was told. */
    heardLoss(process: SimulatedProcess, lease: string): void;
    stopping(stop: Pick<StopRecord, "process" | "what" | "timeoutMs">): StopRecord;
    stopped(record: StopRecord): void;
    /** Whether a task of this process has run for so long, in ms, and has no timeout that would end it. */
    hangs(process: SimulatedProcess, forMs: number): boolean;
    /** A call of a program rejected. */
    refused(error: unknown): void;
    /** Nobody handled a rejection. */
    rejected(reason: unknown): void;
    /** The limits were tried out at the end. */
    probed(counts: ReadonlyMap<TaskName, number>): void;
    /** Every job should have ended by now. */
    rested(): void;
    /** All is over. */
    ended(): void;
}

// testing/simulation/invariant.d.ts
import type { Delivery, Execution, JobRecord, StopRecord, Told } from "./records.ts";
import type { TaskName } from "./scenario.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
/** What an invariant is asked about, as it happens. */
export interface Facts {
    /** `schedule` has resolved. */
    readonly confirmed: JobRecord;
    /** A scheduled job came into the broker. */
    readonly entered: JobRecord;
    /** A periodic task's job was made. */
    readonly made: JobRecord;
    /** The broker gives a job out: before it is noted. */
    readonly taken: Delivery;
    /** The broker hears of a job: before it is noted. */
    readonly told: Told;
    /** A process has stated its tasks: which limit must count of the task that releases differ in, and which does. */
    readonly released: {
        readonly expected: number | undefined;
        readonly limit: number | undefined;
    };
    readonly started: Execution;
    readonly finished: Execution;
    /** A run of a process that has heard that its lease is lost. */
    readonly lost: Execution;
    readonly stopped: StopRecord;
    /** Something that a program called rejected. */
    readonly refused: unknown;
    /** A rejection that nobody handled. */
    readonly rejected: unknown;
    /** Before all close: every job should have ended. */
    readonly rested: Past;
    /** All is over. */
    readonly ended: Past;
    /** What is found of the limits of tasks at the end: by task, how many jobs can be taken at once. */
    readonly probed: ReadonlyMap<TaskName, number>;
}
/** All that happened so far. Times are the world's, in ms. */
export interface Past {
    readonly nowMs: number;
    readonly jobs: readonly JobRecord[];
    readonly executions: readonly Execution[];
    readonly stops: readonly StopRecord[];
    readonly processes: readonly SimulatedProcess[];
    /** Ids that the cluster gave up. */
    readonly condemned: ReadonlySet<string>;
    /** Whether nothing goes wrong in this run, so that everything must also be on time. */
    readonly isCalm: boolean;
    /** Whether there is a periodic task. */
    readonly hasBeat: boolean;
    /** When the last fault ended, if it has. */
    readonly healedAtMs: number | undefined;
    /** When the periodic task was first stated. */
    readonly statedAtMs: number | undefined;
    /** Ids of the jobs that somebody could have taken at the end. */
    readonly leftInBroker: ReadonlySet<string>;
}
/** What is wrong with a fact, or `undefined`. */
export type Checks = {
    readonly [Fact in keyof Facts]?: (fact: Facts[Fact], past: Past) => string | undefined;
};
/** A promise, as checks of the facts that could break it. */
export interface Invariant extends Checks {
    /** Starts with the number of the promise. */
    readonly name: string;
}

// testing/simulation/records.d.ts
/** What the history of a run is made of. Times are the world's, in ms. */
import type { Outcome } from "../../core/outcome.ts";
import { type JobPlan, type TaskName } from "./scenario.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
/** A job, from the call that asks for it to its end. */
export interface JobRecord {
    readonly key: string;
    /** `undefined` for a run of a periodic task. */
    readonly plan: JobPlan | undefined;
    /** Ids under which it came into the broker. */
    readonly ids: string[];
    /** Known of a run of a periodic task once it is taken. */
    task: TaskName | undefined;
    /** Its id, once `schedule` has resolved. */
    confirmedId: string | undefined;
    state: "outside" | "waiting" | "held" | "succeeded" | "failed";
    /** When it first came into the broker. */
    bornAtMs: number;
    /** When it last did. */
    enteredAtMs: number;
    /** When it may start. */
    dueAtMs: number;
    /** Its place in the order of its queue; `undefined` if nothing is promised of it. */
    place: number | undefined;
    /** How often an attempt of it was counted as failed. */
    failures: number;
    readonly deliveries: Delivery[];
    readonly executions: Execution[];
    /** Whether the broker was told of it by somebody who did not hold it. */
    wasToldByOther: boolean;
}
/** The broker gave a job to one of its members. */
export interface Delivery {
    readonly job: JobRecord;
    /** Id of the member. */
    readonly holder: string;
    readonly wire: string;
    readonly retries: number;
    readonly takenAtMs: number;
    execution: Execution | undefined;
    /** How the broker was told that it ended, or that the member is dead. */
    end: Outcome["kind"] | "rescued" | undefined;
}
/** A task runs, or ran. */
export interface Execution {
    readonly job: JobRecord;
    readonly process: SimulatedProcess;
    /** Id of the member that its process was. */
    readonly lease: string;
    /** `undefined` if the job was not given to it. */
    readonly delivery: Delivery | undefined;
    readonly args: readonly unknown[];
    readonly startedAtMs: number;
    /** For how long its process had been held before, in ms. */
    readonly heldBeforeMs: number;
    /** How its task ended, if it did. */
    how: "returned" | "threw" | "aborted" | "retried" | undefined;
    /** The code of the reason of its signal, once that has aborted. */
    abortCode: string | undefined;
    abortedAtMs: number | undefined;
    /** When its engine said that it had ended. */
    finishedAtMs: number | undefined;
    durationMs: number | undefined;
}
/** What the broker is told of a job. */
export interface Told {
    readonly holder: string;
    readonly kind: Outcome["kind"];
    readonly job: JobRecord;
    /** The delivery that it ends; `undefined` if the job is not this member's. */
    readonly delivery: Delivery | undefined;
    /** Whether it was told before, in a trip that took the same job again, and whose reply was lost. */
    readonly isRepeated: boolean;
}
/** A call of `stopWorkers` or `close`. */
export interface StopRecord {
    readonly process: SimulatedProcess;
    readonly what: "stop" | "close";
    readonly timeoutMs: number;
    readonly startedAtMs: number;
    readonly heldBeforeMs: number;
    endedAtMs: number | undefined;
}
export declare function maxRetriesOf({ task }: JobRecord): number;
/** Whether at most one run of it may start. */
export declare function isAtMostOnce(job: JobRecord): boolean;
/** In ms. */
export declare function timeoutOf({ task }: JobRecord): number | undefined;
export declare function limitOf({ task }: JobRecord): number;
export declare function queueOf({ task }: JobRecord): string;
/** The arguments that a job is scheduled with: some that a careless copy would change. */
export declare function argsOf(key: string): readonly unknown[];
/** A job that nobody has yet. */
export declare function newJobRecord(key: string, plan: JobPlan | undefined): JobRecord;
/** A run that begins. */
export declare function newExecution(begun: Pick<Execution, "job" | "process" | "lease" | "args" | "startedAtMs">): Execution;

// testing/simulation/scenario.d.ts
/**
 * What one run of the simulation does, as plain data: a seed makes it, a report shows it, and shrinking
 * leaves parts of it out.
 */
import type { TaskOptions } from "../../core/task.ts";
import type { BrokerCall } from "../fault-broker.ts";
/** Names of the tasks that every simulated process has. */
export type TaskName = "once" | "again" | "timedOnce" | "timed" | "limitedOnce" | "limited" | "other" | "beat";
/** Their options. */
export declare const TASKS: Readonly<Record<TaskName, TaskOptions>>;
export declare function isTaskName(name: string): name is TaskName;
/** Queues of the tasks above. */
export declare const QUEUES: readonly string[];
/**
 * How one run of a task goes: `return`, `throw`, `abort` (AbortError) and `retry` (RetryError with a date) do so
 * after `ms`; `obey` waits for its signal and throws its reason, `finish` waits for it and returns, `deaf` never
 * ends; `die` takes its process along; `schedule` schedules a job, then returns.
 */
export interface Behaviour {
    readonly how: "return" | "throw" | "abort" | "retry" | "obey" | "finish" | "deaf" | "die" | "schedule";
    /** 0 is at once, in the call itself. */
    readonly ms: number;
}
/** A job to schedule. */
export interface JobPlan {
    /** Its first argument, by which it is known. */
    readonly key: string;
    readonly task: TaskName;
    /**
     * How long from now it is due, in ms, `undefined` for at once: at a date by the clock of who schedules it, but an odd
     * number is a delay by the clock of the store.
     */
    readonly inMs: number | undefined;
    /** One for each run; the last one is that of all further runs, unless it hangs. */
    readonly runs: readonly Behaviour[];
}
/** How long after the store has it a job is due, in ms; `undefined` if it is not due by a delay. */
export declare function delayOf({ inMs }: JobPlan): number | undefined;
/** Workers on one queue. */
export interface WorkersPlan {
    readonly queue: string;
    readonly number: number;
    readonly stopWhenQueueEmpty: boolean;
}
/** A process of the cluster. */
export interface ProcessPlan {
    /** How far its clock is ahead of the broker's, in ms. */
    readonly skewMs: number;
    /** Of its program: the limit that it states for a task of which nobody schedules jobs. */
    readonly release: number;
    readonly workers: readonly WorkersPlan[];
}
/**
 * What becomes of one call of the broker: `before`: it fails without effect. `after`: it takes effect, and fails.
 * `late`: it fails, and takes effect up to 50 s later. `silent`: it takes effect and nothing comes back until
 * the broker's own deadline; `hang`: not even that. `slow`: the reply takes seconds. `overdue`: it fails by its
 * deadline, and the reply comes after that.
 */
export type Fate = "before" | "after" | "late" | "silent" | "hang" | "slow" | "overdue";
/** Something that is done to a process. */
export type Trouble = 
/** The next such call meets this fate. */
{
    readonly what: "fate";
    readonly call: BrokerCall;
    readonly fate: Fate;
}
/** Nothing gets through to the broker and back; heartbeats neither. */
 | {
    readonly what: "disconnect";
    readonly forMs: number;
}
/** Nobody gets through. */
 | {
    readonly what: "outage";
    readonly forMs: number;
}
/** It stands still as a whole. */
 | {
    readonly what: "freeze";
    readonly forMs: number;
}
/** Its event loop is blocked; the heartbeat thread goes on. */
 | {
    readonly what: "block";
    readonly forMs: number;
}
/** Its wall clock is set forward or back. */
 | {
    readonly what: "jump";
    readonly byMs: number;
} | {
    readonly what: "kill";
}
/** Somebody takes its jobs over though it is well. */
 | {
    readonly what: "condemn";
}
/** A new process in the place of one that is dead or closed. */
 | {
    readonly what: "boot";
};
/** Something that its program does. */
export type Move = 
/** One job, or more as a batch. */
{
    readonly what: "schedule";
    readonly jobs: readonly JobPlan[];
} | {
    readonly what: "stop";
    readonly timeoutMs: number;
} | {
    readonly what: "start";
} | {
    readonly what: "close";
    readonly timeoutMs: number;
};
export type Action = Trouble | Move;
/** An action, when, and on which process. */
export type Step = Action & {
    /** Simulated time, in ms from the start. */
    readonly atMs: number;
    /** Index in `processes`. */
    readonly process: number;
};
export interface Scenario {
    /** Decides latencies, and which of the callbacks that are ready runs first. */
    readonly seed: number;
    /** Whether the processes have the periodic task. */
    readonly hasBeat: boolean;
    readonly processes: readonly ProcessPlan[];
    /** By time. */
    readonly steps: readonly Step[];
}
/** Whether nothing goes wrong and everybody has room: then all must also be on time. */
export declare function isCalm({ steps, processes }: Scenario): boolean;

// testing/simulation/simulate.d.ts
import type { Violation } from "./history.ts";
import type { Scenario } from "./scenario.ts";
/** Options of a simulation. */
export interface SimulationOptions {
    /** A whole number of at least 0, which decides everything. */
    readonly seed: number;
    /** Records what happens, line by line. @defaultValue false */
    readonly trace?: boolean | undefined;
    /** Looks for the smallest scenario that fails as this one does, if it does. @defaultValue false */
    readonly shrink?: boolean | undefined;
}
/** How a simulation went. */
export interface SimulationReport {
    readonly seed: number;
    /** What was run; if it was shrunk, the smallest that fails. */
    readonly scenario: Scenario;
    /** The first promise that was broken; `undefined` if all were kept. */
    readonly violation: Violation | undefined;
    /** Empty unless asked for. */
    readonly trace: readonly string[];
    /** How many events ran. */
    readonly events: number;
}
/** Names of all promises that each simulation checks. */
export declare const SIMULATED_INVARIANTS: readonly string[];
/**
 * Runs the real engine, arbiters and workers of a small cluster on simulated time, over the store of MemoryBroker
 * and a network that delays, loses and cuts off, with processes that die, freeze, stop and come back; and checks
 * every promise that can be seen. The seed decides everything: the same seed, the same run. Simulations must not
 * run at the same time in one thread.
 *
 * @throws TypeError or RangeError if an option is not valid
 *
 * @example
 * const { violation, trace } = await simulate({ seed: 4711, trace: true, shrink: true });
 * if (violation !== undefined) console.log(violation.invariant, violation.message, trace.join("\n"));
 */
export declare function simulate(options: SimulationOptions): Promise<SimulationReport>;

// testing/simulation/simulated-process.d.ts
import type { Runtime } from "../../platform/runtime.ts";
import type { BrokerCall } from "../fault-broker.ts";
import type { Fate } from "./scenario.ts";
import { type Owner, type World } from "./world.ts";
/** A process of the simulated cluster: its clock, its timers, its chance, and how it is. */
export declare class SimulatedProcess implements Owner {
    #private;
    readonly name: string;
    readonly runtime: Runtime;
    /** Timers of its engine that are set. */
    pendingTimers: number;
    /** For how long it was held so far, in ms, up to the end of what holds it now. */
    heldMs: number;
    /** Called when its heartbeats may not come from now on. */
    onSilent: (() => void) | undefined;
    constructor(world: World, name: string, skewMs: number);
    get isDead(): boolean;
    get heldUntilMs(): number;
    /** Whether messages get from and to it, as far as it is concerned. */
    get isConnected(): boolean;
    /** Whether its heartbeats come. */
    get isBeating(): boolean;
    /** Whether it has closed its broker: no heartbeat comes any more. */
    get hasLeft(): boolean;
    /** When it is well again by itself, on the world's clock. */
    get illUntilMs(): number;
    /** Nothing of it happens any more. */
    kill(): void;
    /** It has closed its broker. */
    leave(): void;
    /** Its callbacks wait, in ms. */
    block(forMs: number): void;
    /** It stands still as a whole, in ms. */
    freeze(forMs: number): void;
    disconnect(forMs: number): void;
    jump(byMs: number): void;
    /** No call meets a fate any more. */
    forgive(): void;
    /** The next such call meets this fate. */
    plan(call: BrokerCall, fate: Fate): void;
    takeFate(call: BrokerCall): Fate | undefined;
    /** What is no timer of its engine: a task's, or the broker's own. */
    sleep(ms: number): Promise<void>;
}

// testing/simulation/world.d.ts
import { type Random } from "../seeded-random.ts";
/** Who an event belongs to: it waits while its owner is held, and never comes if the owner is dead. */
export interface Owner {
    readonly isDead: boolean;
    /** On the world's clock, in ms. */
    readonly heldUntilMs: number;
}
/** An event to come. */
export interface WorldEvent {
    cancel(): void;
}
/** Epoch time, in ms, at which every simulation starts. */
export declare const EPOCH_MS: number;
/**
 * Simulated time, and the scheduler: of all that is ready in the same millisecond, chance, which the seed
 * determines, chooses what runs next. Between two events all promises that can settle do.
 */
export declare class World {
    #private;
    readonly random: Random;
    /** What happened, line by line, if it is recorded. */
    readonly trace: string[] | undefined;
    constructor(seed: number, isTraced: boolean);
    /** Time since the start, in ms: the broker's clock, and true time. */
    get nowMs(): number;
    /** A whole number from `min` to `max`, both included. */
    between(min: number, max: number): number;
    /** A UUID in form, from two numbers: a run makes hundreds. */
    newId(): string;
    /** Plans an event. One without an owner belongs to the network, or to the broker. */
    after(delayMs: number, owner: Owner | undefined, run: () => void): WorldEvent;
    /** Runs the next event, and what follows from it. Returns whether there was one by that time. */
    step(untilMs: number): Promise<boolean>;
    /** Records a line; it is made only if it is recorded. */
    say(line: () => string): void;
}

// workers/async-workers.d.ts
import type { ResourceLimits } from "node:worker_threads";
import type { StoredJob } from "../core/job.ts";
import type { RunnableTask } from "../core/task.ts";
import type { JobsAhead, Workers, WorkersContext } from "./workers.ts";
/** Options of coroutine workers. */
export interface AsyncWorkersOptions {
    /** Jobs at once, from 1 to 100,000. @defaultValue 5 */
    readonly number?: number | undefined;
    /**
     * Threads to spread them over, each with an event loop of its own, from 0 to `number`, at most 1,024; 0 is the
     * event loop of this thread. @defaultValue 0
     */
    readonly threads?: number | undefined;
    /**
     * How long a task that ignores its timeout's signal may go on before it is given up, in ms, at
     * least 0. On threads, one whose event loop is blocked then is terminated, a second later.
     * @defaultValue 5_000
     */
    readonly timeoutGrace?: number | undefined;
    /** With threads: how long one may take to import its modules, in ms, at least 1. @defaultValue 30_000 */
    readonly readyTimeout?: number | undefined;
    /** With threads: limits of the memory of each, as Node's `new Worker` takes them. @defaultValue Node's */
    readonly resourceLimits?: ResourceLimits | undefined;
}
/**
 * Runs jobs as coroutines: on this thread's event loop, or on those of some threads.
 *
 * @example
 * await spin.run({ workers: new AsyncWorkers({ number: 256 }) });
 */
export declare class AsyncWorkers implements Workers {
    #private;
    readonly number: number;
    readonly ahead: JobsAhead | undefined;
    /** @throws TypeError or RangeError if an option is not valid */
    constructor(options?: AsyncWorkersOptions);
    get availableSlots(): number;
    get isIdle(): boolean;
    get running(): readonly StoredJob[];
    start(context: WorkersContext): Promise<void>;
    submit(stored: StoredJob, task: RunnableTask): void;
    abort(reason: (stored: StoredJob) => Error): void;
    stop(options: {
        readonly timeout: number;
    }): Promise<void>;
}

// workers/current-engine.d.ts
import type { Job } from "../core/job.ts";
import type { CallArgs, Task } from "../core/task.ts";
/** The engine whose job is running, as its task can use it from whatever thread it runs in. */
export interface CurrentEngine {
    /** Schedules a job, as `engine.schedule` does. */
    schedule(task: string, ...args: unknown[]): Promise<Job>;
    schedule<Args extends unknown[], Result>(task: Task<Args, Result>, ...args: CallArgs<Args>): Promise<Job>;
    /** Schedules a job to run at a date, as `engine.scheduleAt` does. */
    scheduleAt(task: string, at: Date, ...args: unknown[]): Promise<Job>;
    scheduleAt<Args extends unknown[], Result>(task: Task<Args, Result>, at: Date, ...args: CallArgs<Args>): Promise<Job>;
    /** Schedules a job to run a time in ms after the store has it, as `engine.scheduleIn` does. */
    scheduleIn(task: string, ms: number, ...args: unknown[]): Promise<Job>;
    scheduleIn<Args extends unknown[], Result>(task: Task<Args, Result>, ms: number, ...args: CallArgs<Args>): Promise<Job>;
    /**
     * Blocks this thread until the broker has the job; for tasks on threads that do not await.
     * @throws what `schedule` rejects with
     * @throws TypeError on the thread of the engine itself, which cannot wait for itself
     */
    scheduleSync(task: string, ...args: unknown[]): Job;
    scheduleSync<Args extends unknown[], Result>(task: Task<Args, Result>, ...args: CallArgs<Args>): Job;
    /** Like `scheduleSync`, to run at a date. */
    scheduleAtSync(task: string, at: Date, ...args: unknown[]): Job;
    scheduleAtSync<Args extends unknown[], Result>(task: Task<Args, Result>, at: Date, ...args: CallArgs<Args>): Job;
    /** Like `scheduleSync`, to run a time in ms after the store has it. */
    scheduleInSync(task: string, ms: number, ...args: unknown[]): Job;
    scheduleInSync<Args extends unknown[], Result>(task: Task<Args, Result>, ms: number, ...args: CallArgs<Args>): Job;
}
/**
 * Inside a task, and in whatever it calls or awaits: the engine that runs it, to schedule other jobs. Outside:
 * `undefined`.
 *
 * @example
 * const thumbnails = (file: string): void => {
 *   for (const width of [100, 400]) currentEngine()?.scheduleSync("resize", file, width);
 * };
 */
export declare function currentEngine(): CurrentEngine | undefined;

// workers/current-job.d.ts
import type { Job } from "../core/job.ts";
import type { Logger } from "../platform/logger.ts";
/** The job that is running, as its task sees it. */
export interface CurrentJob extends Job {
    /**
     * Aborts when the job should end: its timeout, the stop of the workers, or a lost lease. `reason`
     * is a JobTimeoutError, WorkersStoppedError or LeaseLostError.
     */
    readonly signal: AbortSignal;
    /** The engine's logger; its lines carry the job's id and task. */
    readonly logger: Logger;
}
/**
 * Inside a task, and in whatever it calls or awaits: its job. Outside: `undefined`.
 *
 * @example
 * const response = await fetch(url, { signal: currentJob()?.signal ?? null });
 */
export declare function currentJob(): CurrentJob | undefined;

// workers/threads/thread-workers.d.ts
import type { ResourceLimits } from "node:worker_threads";
import type { StoredJob } from "../../core/job.ts";
import type { RunnableTask } from "../../core/task.ts";
import type { JobsAhead, Workers, WorkersContext } from "../workers.ts";
/** Options of workers on threads. */
export interface ThreadWorkersOptions {
    /** Threads, each running one job at a time; from 1 to 1,024. @defaultValue the CPUs that the process may use */
    readonly number?: number | undefined;
    /** Limits of the memory of each thread, as Node's `new Worker` takes them. @defaultValue Node's */
    readonly resourceLimits?: ResourceLimits | undefined;
    /** After so many jobs, from 1 to 2^31 - 1, a thread ends and another takes its place. @defaultValue never */
    readonly maxJobsPerThread?: number | undefined;
    /**
     * How a thread waits for its next job. `"block"`: asleep, unless a socket, a timer or something else that a task
     * has left needs the event loop; what is unref'd is served only before the next job, as connections that an HTTP
     * agent keeps alive. `"loop"`: always in its event loop; a job starts some 30 us later. @defaultValue "block"
     */
    readonly idle?: "block" | "loop" | undefined;
    /**
     * How long a task may go on after its signal has aborted, because of its timeout or of a lost lease, in ms, at
     * least 0; then its thread is terminated. @defaultValue 5_000
     */
    readonly timeoutGrace?: number | undefined;
    /** How long a thread may take to import its modules, in ms, at least 1. @defaultValue 30_000 */
    readonly readyTimeout?: number | undefined;
}
/**
 * Runs jobs on threads, one at a time on each: a task may block, compute for long, or be async. Its function must
 * be in a registry made with `new Tasks({ module: import.meta.url })`, in a module that exports it.
 *
 * @example
 * spin.attachTasks(tasks); // from a module of its own
 * await spin.run({ workers: new ThreadWorkers() });
 */
export declare class ThreadWorkers implements Workers {
    #private;
    readonly number: number;
    readonly ahead: JobsAhead;
    /** @throws TypeError or RangeError if an option is not valid */
    constructor(options?: ThreadWorkersOptions);
    get availableSlots(): number;
    get isIdle(): boolean;
    get running(): readonly StoredJob[];
    start(context: WorkersContext): Promise<void>;
    submit(stored: StoredJob, task: RunnableTask): void;
    abort(reason: (stored: StoredJob) => Error): void;
    stop(options: {
        readonly timeout: number;
    }): Promise<void>;
}

// workers/workers.d.ts
/**
 * What workers are: a number of slots, each running one job at a time. They know jobs, never brokers;
 * what becomes of a finished job is not theirs to decide.
 */
import type { JobRequest } from "../core/batch.ts";
import type { Job, StoredJob } from "../core/job.ts";
import type { Result } from "../core/outcome.ts";
import type { RunnableTask, TaskDefinition } from "../core/task.ts";
import type { Runtime } from "../platform/runtime.ts";
/** A job whose task has ended, or was given up. */
export interface FinishedJob {
    readonly stored: StoredJob;
    readonly result: Result;
    readonly durationMs: number;
}
/** Where workers report. None of these may throw. */
export interface WorkersSink {
    jobStarted(stored: StoredJob): void;
    /** Called once for each job that was submitted and not taken back; its slot is free again. */
    jobFinished(finished: FinishedJob): void;
    /** Slots are free without a job that has ended: a thread works in place of another. */
    slotsFreed(): void;
    workerStarted(workerName: string): void;
    workerTerminated(workerName: string): void;
}
/** What workers get from their engine. */
export interface WorkersContext {
    readonly namespace: string;
    /** The queue that they work on. */
    readonly queue: string;
    readonly runtime: Runtime;
    /** The tasks registered when the workers start. */
    readonly tasks: readonly TaskDefinition[];
    readonly sink: WorkersSink;
    /** Schedules a job, for tasks that ask for it. Rejects as `engine.schedule` does. */
    readonly schedule: (request: JobRequest) => Promise<Job>;
    /**
     * Whether somebody reads what tasks return. Otherwise workers need not carry it out of their threads.
     * @defaultValue false
     */
    readonly wantsResults?: boolean | undefined;
}
/** The jobs that workers hold beyond those that their slots can run, so that no slot ever waits. */
export interface JobsAhead {
    /** How many more jobs, beyond `availableSlots`, `submit` takes now. */
    readonly room: number;
    /** How many jobs they hold beyond those that can run: all these wait. */
    readonly count: number;
    /** Gives back the jobs that were submitted and have not started, oldest first: nothing is reported of them. */
    takeBack(): readonly StoredJob[];
}
/** How a stop treats running jobs. */
export interface StopOptions {
    /**
     * How long running jobs may go on, in ms, 0 and `Infinity` included; then their signals abort.
     * @defaultValue 25_000, so that a container's usual 30 s are enough
     */
    readonly timeout?: number | undefined;
}
/** A kind of workers. An instance serves one `startWorkers`. */
export interface Workers {
    /** Most jobs at once, while all threads work. */
    readonly number: number;
    /** Resolves when the workers can take jobs. @throws TypeError if they were started before */
    start(context: WorkersContext): Promise<void>;
    /** How many more jobs can start now. Slots of a thread that ends count again once another works in its place. */
    readonly availableSlots: number;
    /** Whether no job was submitted that has not ended. */
    readonly isIdle: boolean;
    /** `undefined` if the workers hold no job that they cannot start at once. */
    readonly ahead?: JobsAhead | undefined;
    /** The jobs that were submitted and have not ended. */
    readonly running: readonly StoredJob[];
    /** Starts a job. Only while `availableSlots`, with the room ahead, is above 0. */
    submit(stored: StoredJob, task: RunnableTask): void;
    /** Aborts the signals of the jobs that run, with a reason made for each. */
    abort(reason: (stored: StoredJob) => Error): void;
    /**
     * Waits for the running jobs, at most for the timeout; then aborts their signals, and soon after
     * gives up those that go on. Always resolves; every job was reported by then. A further call may
     * only shorten the wait. Also while they start, which soon ends then.
     */
    stop(options: {
        readonly timeout: number;
    }): Promise<void>;
}
