import type { Runtime } from "../../platform/runtime.ts";
import type {
  HeartbeatNotice,
  HeartbeatQuestion,
  SeenServer,
} from "../heartbeat/heartbeat-protocol.ts";
import type { CheckServerIdentity } from "./asked-options.ts";
import type { Asking } from "./thread-target.ts";

/** For so long an answer about a server's certificate holds, in ms: the attempts that follow, of a cluster two servers each, use it. */
const IDENTITY_HOLDS_MS = 10_000;

/** What asks a process. */
export interface ProcessAnswersOptions {
  readonly runtime: Pick<Runtime, "clock" | "timers">;
  /** How long an answer is waited for, in ms. */
  readonly timeoutMs: number;
  readonly ask: (question: HeartbeatQuestion) => void;
}

/** What was found of a server. */
interface Verdict {
  /** Why it is refused; `undefined` if it is not. */
  readonly refusal: string | undefined;
  readonly atMs: number;
}

/**
 * What a heartbeat thread knows of the functions that stay with its process. Where the process does not answer in time,
 * since its event loop is blocked, credentials are the last ones that it gave: the thread connects then above all. A
 * server's certificate is never taken for checked.
 */
export class ProcessAnswers implements Asking {
  readonly #options: ProcessAnswersOptions;
  readonly #asked = new Map<number, PromiseWithResolvers<string | undefined>>();
  #ids = 0;
  /** What each function for a credential gave last. */
  readonly #credentials = new Map<number, string>();
  /** By function, host and certificate. */
  readonly #verdicts = new Map<string, Verdict>();

  constructor(options: ProcessAnswersOptions) {
    this.#options = options;
  }

  /** What the process says of a question. */
  answered(notice: Extract<HeartbeatNotice, { type: "answer" | "noAnswer" }>): void {
    const asked = this.#asked.get(notice.id);
    if (notice.type === "answer") asked?.resolve(notice.value);
    else asked?.reject(new Error(notice.message));
  }

  async credential(question: number): Promise<string> {
    const given = await this.#ask(question);
    const known = given.isLate ? this.#credentials.get(question) : given.value;
    if (known === undefined) throw new Error("the process did not give the credentials in time");
    this.#credentials.set(question, known);
    return known;
  }

  /**
   * TLS wants the answer at once: a server that is not known is refused, and asked about. The next attempt, some
   * milliseconds later, knows.
   */
  checkServerIdentity(question: number): CheckServerIdentity {
    return (host, certificate) => {
      const name = [question, host, certificate.fingerprint512].join(" ");
      const verdict = this.#verdicts.get(name);
      if (verdict !== undefined && this.#nowMs() - verdict.atMs < IDENTITY_HOLDS_MS) {
        return verdict.refusal === undefined ? undefined : new Error(verdict.refusal);
      }
      this.#verdicts.delete(name);
      void this.#look(name, question, { host, certificate });
      return new Error("the process is being asked whether this is the right server");
    };
  }

  /** One that fails is asked for again by the next attempt. */
  async #look(name: string, question: number, server: SeenServer): Promise<void> {
    try {
      const { isLate, value } = await this.#ask(question, server);
      if (!isLate) this.#verdicts.set(name, { refusal: value, atMs: this.#nowMs() });
    } catch {
      // It stays refused.
    }
  }

  async #ask(
    question: number,
    server?: SeenServer,
  ): Promise<{ readonly isLate: boolean; readonly value: string | undefined }> {
    const { runtime, timeoutMs, ask } = this.#options;
    this.#ids += 1;
    const id = this.#ids;
    const asked = Promise.withResolvers<string | undefined>();
    this.#asked.set(id, asked);
    let isLate = false;
    const timer = runtime.timers.set(() => {
      isLate = true;
      asked.resolve(undefined);
    }, timeoutMs);
    try {
      ask({ type: "ask", id, question, server });
      return { value: await asked.promise, isLate };
    } finally {
      timer.cancel();
      this.#asked.delete(id);
    }
  }

  #nowMs(): number {
    return this.#options.runtime.clock.monotonic();
  }
}
