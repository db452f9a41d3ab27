import { integer, type SqlSession, text } from "./sql-session.ts";

/** One namespace, as seen by one connection: it knows the numbers that stand for names. */
export class NamespaceSession {
  readonly sql: SqlSession;
  readonly name: string;
  readonly #queueIds = new Map<string, number>();
  readonly #queueNames = new Map<number, string>();
  #id: number | undefined;

  constructor(sql: SqlSession, name: string) {
    this.sql = sql;
    this.name = name;
  }

  /** Its number, which it gets within a transaction that writes. */
  get id(): number {
    this.#id ??= this.#known() ?? this.sql.insert(ADD_NAMESPACE, this.name);
    return this.#id;
  }

  /** The number of a queue, which it gets within a transaction that writes. */
  queueId(name: string): number {
    return this.knownQueueId(name) ?? this.#addQueue(name);
  }

  /** The number of a queue; `undefined` if it never had a job. */
  knownQueueId(name: string): number | undefined {
    const id = this.#queueIds.get(name);
    if (id !== undefined) return id;
    const found = this.sql.get(FIND_QUEUE, this.id, name);
    return found === undefined ? undefined : this.#remember(integer(found[0]), name);
  }

  queueName(id: number): string {
    const name = this.#queueNames.get(id);
    if (name !== undefined) return name;
    const found = text(this.sql.get(NAME_QUEUE, id)?.[0]);
    this.#remember(id, found);
    return found;
  }

  /** After a transaction that was undone: numbers that it gave are nobody's. */
  forget(): void {
    this.#id = undefined;
    this.#queueIds.clear();
    this.#queueNames.clear();
  }

  #known(): number | undefined {
    const found = this.sql.get(FIND_NAMESPACE, this.name);
    return found === undefined ? undefined : integer(found[0]);
  }

  #addQueue(name: string): number {
    return this.#remember(this.sql.insert(ADD_QUEUE, this.id, name), name);
  }

  #remember(id: number, name: string): number {
    this.#queueIds.set(name, id);
    this.#queueNames.set(id, name);
    return id;
  }
}

const FIND_NAMESPACE = "SELECT id FROM spinach_namespaces WHERE name = ?";
const ADD_NAMESPACE = "INSERT INTO spinach_namespaces (name) VALUES (?)";
const FIND_QUEUE = "SELECT id FROM spinach_queues WHERE namespace = ? AND name = ?";
const NAME_QUEUE = "SELECT name FROM spinach_queues WHERE id = ?";
const ADD_QUEUE = "INSERT INTO spinach_queues (namespace, name) VALUES (?, ?)";
