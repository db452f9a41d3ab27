import type { JobRequest } from "../../core/batch.ts";
import type { Job } from "../../core/job.ts";
import { Queuey } from "../../queue/queuey.ts";
import type { SchedulingPort } from "../current-engine.ts";
import { decodeThrown } from "./crossing-error.ts";
import { refusedFromThread } from "./job-too-large.ts";
import type { SchedulingHandles } from "./protocol.ts";
import { decodeReply, encodeCall, type ScheduleReply } from "./schedule-wire.ts";

/** A call whose thread blocks for the answer: there is never more than one. */
const BLOCKING_CALL = 0;

/** The thread's side of scheduling: calls go through a queue that all threads share, and wait while it is full. */
export class ThreadScheduling implements SchedulingPort {
  readonly #thread: number;
  readonly #calls: Queuey<Uint8Array>;
  readonly #replies: Queuey<Uint8Array>;
  readonly #waiting = new Map<number, PromiseWithResolvers<Job>>();
  #lastCall = BLOCKING_CALL;

  constructor({ thread, calls, replies }: SchedulingHandles) {
    this.#thread = thread;
    this.#calls = Queuey.attach(calls);
    this.#replies = Queuey.attach(replies);
  }

  async schedule(request: JobRequest): Promise<Job> {
    this.#lastCall += 1;
    const call = this.#lastCall;
    const waiting = Promise.withResolvers<Job>();
    const encoded = encodeCall(request, { thread: this.#thread, call });
    this.#waiting.set(call, waiting);
    try {
      await this.#calls.putAsync(encoded);
    } catch (error) {
      this.#waiting.delete(call);
      throw refusedFromThread(nameOf(request), error);
    }
    return waiting.promise;
  }

  scheduleSync(request: JobRequest): Job {
    const encoded = encodeCall(request, { thread: this.#thread, call: BLOCKING_CALL });
    try {
      this.#calls.putSync(encoded);
    } catch (error) {
      throw refusedFromThread(nameOf(request), error);
    }
    const reply = decodeReply(this.#replies.getSync());
    this.#replies.taskDone();
    if (reply.ok) return reply.job;
    throw decodeThrown(reply.error);
  }

  /** The answer to a call that does not block has come. */
  replied(call: number, reply: ScheduleReply): void {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    if (reply.ok) waiting?.resolve(reply.job);
    else waiting?.reject(decodeThrown(reply.error));
  }
}

function nameOf({ task }: JobRequest): string {
  return typeof task === "string" ? task : task.taskName;
}
