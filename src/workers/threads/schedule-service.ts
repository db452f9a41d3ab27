import { QueueClosedError } from "../../core/errors.ts";
import type { QueueyHandle } from "../../queue/queuey-handle.ts";
import { Queuey, type TakenItem } from "../../queue/queuey.ts";
import type { WorkersContext } from "../workers.ts";
import { encodeThrown } from "./crossing-error.ts";
import type { SchedulingHandles } from "./protocol.ts";
import {
  decodeCall,
  encodeReply,
  requestOf,
  type ScheduleCall,
  type ScheduleReply,
} from "./schedule-wire.ts";

/** Most calls of all threads that are under way; further ones wait in their threads. */
const MAX_CALLS = 256;

/** Longest answer, in bytes: an error with its causes, or a job with its arguments. */
const MAX_REPLY_BYTES = 1_073_741_824;

/** Where the answers for a thread go. */
interface Caller {
  readonly replies: Queuey<Uint8Array>;
  /** For calls that do not block. */
  readonly reply: (call: number, reply: ScheduleReply) => void;
}

/** The pool's side of scheduling from threads: takes calls, has the engine schedule jobs, and answers. */
export class ScheduleService {
  readonly #schedule: WorkersContext["schedule"];
  readonly #calls = new Queuey<Uint8Array>({ maxSize: MAX_CALLS });
  readonly #callers = new Map<number, Caller>();

  constructor(schedule: WorkersContext["schedule"]) {
    this.#schedule = schedule;
  }

  /** Serves until it is closed. Never rejects. */
  async run(): Promise<void> {
    try {
      for (;;) void this.#serve(await this.#calls.takeAsync());
    } catch (error) {
      if (!(error instanceof QueueClosedError)) throw error;
    }
  }

  close(): void {
    this.#calls.close();
  }

  /** Makes what a thread needs to call. */
  connect(thread: number, reply: Caller["reply"]): SchedulingHandles {
    const replies = new Queuey<Uint8Array>({ maxSize: 1, maxBytes: MAX_REPLY_BYTES });
    this.#callers.set(thread, { replies, reply });
    const calls: QueueyHandle = this.#calls.handle;
    return { thread, calls, replies: replies.handle };
  }

  /** A thread has ended, or never was. What it had asked for is done, and not answered. */
  async disconnect(thread: number, threadId: number | undefined): Promise<void> {
    this.#callers.delete(thread);
    if (threadId !== undefined) await this.#calls.abandon(threadId);
  }

  async #serve({ value, ticket }: TakenItem<Uint8Array>): Promise<void> {
    const call = decodeCall(value);
    const reply = await this.#answer(call);
    // From here on another call may come in.
    this.#calls.taskDone(ticket);
    const caller = this.#callers.get(call.thread);
    if (call.call === 0) await caller?.replies.putAsync(encodeReply(reply));
    else caller?.reply(call.call, reply);
  }

  async #answer(call: ScheduleCall): Promise<ScheduleReply> {
    try {
      return { ok: true, job: await this.#schedule(requestOf(call)) };
    } catch (error) {
      return { ok: false, error: encodeThrown(error) };
    }
  }
}
