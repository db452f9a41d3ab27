import { thisProcess } from "../../platform/process-identity.ts";
import type { BrokerContext, WakeUpListener } from "../broker.ts";
import { findBroker, join, leave } from "./brokers-table.ts";
import { Member } from "./member.ts";
import { OpenFile } from "./open-file.ts";
import { Outside } from "./outside.ts";
import type { CheckedSqliteBrokerOptions } from "./sqlite-broker-options.ts";
import { notStarted } from "./transactions.ts";
import type { Work } from "./work.ts";

/** What a session is made of. */
export interface SessionParts extends BrokerContext {
  readonly path: string;
  readonly options: CheckedSqliteBrokerOptions;
  /** Whether no other process has the file: see `SqliteBroker.alone`. */
  readonly isAlone: boolean;
  /** As whom to join the cluster, now. */
  readonly id: () => string;
  /** What an earlier session left behind in the cluster: jobs that it held. */
  readonly member: Member | undefined;
  readonly onWakeUp: WakeUpListener;
  /** The cluster has given a broker up. */
  readonly onLost: (brokerId: string) => void;
}

/**
 * The life of a broker from a start to the next stop. Nothing of it outlasts its end: whatever is under way then
 * looks after each await, undoes itself and rejects; a later start makes another session.
 */
export class Session {
  readonly #parts: SessionParts;
  readonly #ending = new AbortController();
  readonly #opening: Promise<OpenFile>;
  #file: OpenFile | undefined;
  #outside: Outside | undefined;
  #member: Member | undefined;
  #hasJoined = false;
  #joining: Promise<Member> | undefined;

  /** Opens the file: see `opened`. */
  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#member = parts.member;
    this.#opening = this.#open();
  }

  /** Resolves when the file is open. Rejects with BrokerError. */
  async opened(): Promise<void> {
    await this.#opening;
  }

  get isOpen(): boolean {
    return this.#file !== undefined && !this.#hasEnded;
  }

  /** @throws BrokerError if it is not open yet, or not any more */
  get file(): OpenFile {
    if (this.#file === undefined || this.#hasEnded) throw this.#notStarted;
    return this.#file;
  }

  /** Who it is in the cluster, or was in the session before; `undefined` if nobody. */
  get member(): Member | undefined {
    return this.#member;
  }

  /** Resolves when all is there that workers need. Rejects with BrokerError. */
  async ready(): Promise<void> {
    await this.#opening;
    this.#refuseIfEnded();
    await this.#outside?.ready();
    this.#refuseIfEnded();
  }

  /** Becomes a broker of the cluster, before the first call that only such a one may make. */
  async join(): Promise<Member> {
    if (this.#hasJoined && this.#member !== undefined) return this.#member;
    const joining = (this.#joining ??= this.#join());
    try {
      return await joining;
    } finally {
      if (this.#joining === joining) this.#joining = undefined;
    }
  }

  /** From here on this is another broker: what the old one held is others'. */
  leaseLost(): void {
    this.#member = undefined;
    this.#hasJoined = false;
  }

  /** Ends it: whatever waits for its turn rejects at once. Resolves when nothing of it is left. */
  async end(): Promise<void> {
    this.#ending.abort(this.#notStarted);
    const [opening] = await Promise.allSettled([this.#opening]);
    if (opening.status === "rejected") return;
    const file = opening.value;
    try {
      await this.#outside?.stop();
      // One that joins may be in the file already.
      await Promise.allSettled([this.#joining]);
      if (this.#member !== undefined) await this.#leave(file, this.#member);
    } catch {
      // The others take it for dead a little later.
    }
    file.close();
  }

  async #open(): Promise<OpenFile> {
    const file = await OpenFile.open({ ...this.#parts, ending: this.#ending.signal });
    file.wakeUps.listen(this.#parts.onWakeUp);
    this.#file = file;
    if (!this.#parts.isAlone) this.#outside = this.#outsideOf(file);
    return file;
  }

  #outsideOf(file: OpenFile): Outside {
    return new Outside({
      ...this.#parts,
      file,
      onLost: (brokerId) => {
        if (this.#hasJoined) this.#parts.onLost(brokerId);
      },
    });
  }

  async #join(): Promise<Member> {
    const uuid = this.#parts.id();
    const { file } = this;
    const joiner = { uuid, leaseMs: this.#parts.options.lease, process: thisProcess() };
    const broker = await file.write("joining", (work) => join(work, joiner));
    // The same row: it was stopped before, and holds what it held.
    if (this.#member?.broker !== broker) this.#member = new Member(uuid, broker);
    const member = this.#member;
    this.#refuseIfEnded();
    await this.#outside?.join(uuid);
    this.#refuseIfEnded();
    this.#hasJoined = true;
    return member;
  }

  /** Who holds jobs stays one of the cluster: they are for others to take over. */
  async #leave(file: OpenFile, { uuid }: Member): Promise<void> {
    const isStillMember = await file.writeLast("leaving", (work) => {
      leave(work, uuid);
      return isMember(work, uuid);
    });
    if (!isStillMember) this.#member = undefined;
  }

  get #hasEnded(): boolean {
    return this.#ending.signal.aborted;
  }

  #refuseIfEnded(): void {
    if (this.#hasEnded) throw this.#notStarted;
  }

  get #notStarted(): Error {
    return notStarted(this.#parts.path);
  }
}

/** Whether a broker is one of the cluster. */
export function isMember({ space }: Work, brokerId: string): boolean {
  return findBroker(space, brokerId) !== undefined;
}
