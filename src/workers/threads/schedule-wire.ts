/** How a call to schedule a job gets from a thread to the engine, and its answer back: as bytes in a Queuey. */
import { deserialize, serialize } from "node:v8";

import type { JobRequest } from "../../core/batch.ts";
import type { Job } from "../../core/job.ts";
import { carryArguments } from "../../core/json-arguments.ts";
import { kwargs } from "../../core/kwargs.ts";
import { checkTaskReference, type JobOptions } from "../../core/task.ts";
import type { Crossing } from "./crossing-error.ts";

/** What a thread asks for. */
export interface ScheduleCall {
  /** The number of the thread in its pool. */
  readonly thread: number;
  /** The number of the call in its thread; 0 if the thread blocks until the answer comes. */
  readonly call: number;
  readonly taskName: string;
  readonly options: JobOptions;
  readonly at: Date | undefined;
  readonly delayMs: number | undefined;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** How it ended. */
export type ScheduleReply =
  | { readonly ok: true; readonly job: Job }
  | { readonly ok: false; readonly error: Crossing };

/**
 * @throws TypeError if it names no task
 * @throws InvalidJobArgumentsError
 */
export function encodeCall(
  { task, at, delayMs, args }: JobRequest,
  { thread, call }: Pick<ScheduleCall, "thread" | "call">,
): Uint8Array {
  checkTaskReference(task);
  const taskName = typeof task === "string" ? task : task.taskName;
  const carried = carryArguments(taskName, args);
  const options = typeof task === "string" ? {} : task.jobOptions;
  const request: ScheduleCall = {
    thread,
    call,
    taskName,
    options,
    at,
    delayMs,
    args: carried.args,
    kwargs: carried.kwargs,
  };
  return serialize(request);
}

export function decodeCall(bytes: Uint8Array): ScheduleCall {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as encodeCall wrote it
  return deserialize(bytes) as ScheduleCall;
}

/** The request that a thread's call stands for. */
export function requestOf(call: ScheduleCall): JobRequest {
  const { taskName, options, at, delayMs } = call;
  const hasKeywords = Object.keys(call.kwargs).length > 0;
  const args = hasKeywords ? [...call.args, kwargs(call.kwargs)] : call.args;
  // Of no registry here: in the thread it was checked, and what it stands for is its name.
  const task = Object.assign(() => undefined, { taskName, jobOptions: options });
  return { task, at, delayMs, args };
}

export function encodeReply(reply: ScheduleReply): Uint8Array {
  return serialize(reply);
}

export function decodeReply(bytes: Uint8Array): ScheduleReply {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as encodeReply wrote it
  return deserialize(bytes) as ScheduleReply;
}
