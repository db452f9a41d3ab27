import { channel } from "node:diagnostics_channel";

import { isThenable } from "../core/is-thenable.ts";
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

const CHANNELS = {
  jobStarted: channel("spinach:jobStarted"),
  jobFinished: channel("spinach:jobFinished"),
  jobFailed: channel("spinach:jobFailed"),
  jobRetryScheduled: channel("spinach:jobRetryScheduled"),
  workerStarted: channel("spinach:workerStarted"),
  workerTerminated: channel("spinach:workerTerminated"),
} as const;

/** The names of all events. */
export const EVENT_NAMES: readonly string[] = Object.keys(CHANNELS);

/** Whether this is the name of an event. */
export function isEventName(name: unknown): name is EventName {
  return typeof name === "string" && Object.hasOwn(CHANNELS, name);
}

/** Told of what a receiver threw or rejected with. */
export type FaultListener = (err: unknown, name: EventName) => void;

type Receivers = { readonly [Name in EventName]: Set<Receiver<Name>> };

/**
 * Sends events to receivers that cannot hurt the sender, and to the `node:diagnostics_channel`
 * named `spinach:<event>`. Ask `isObserved` before building an event: most have no receiver.
 */
export class Signals {
  readonly #onFault: FaultListener;
  readonly #receivers: Receivers = {
    jobStarted: new Set(),
    jobFinished: new Set(),
    jobFailed: new Set(),
    jobRetryScheduled: new Set(),
    workerStarted: new Set(),
    workerTerminated: new Set(),
  };

  constructor(onFault: FaultListener) {
    this.#onFault = onFault;
  }

  on<Name extends EventName>(name: Name, receiver: Receiver<Name>): void {
    this.#receivers[name].add(receiver);
  }

  off<Name extends EventName>(name: Name, receiver: Receiver<Name>): void {
    this.#receivers[name].delete(receiver);
  }

  isObserved(name: EventName): boolean {
    return this.#receivers[name].size > 0 || CHANNELS[name].hasSubscribers;
  }

  /** Calls the receivers in the order they were added; never throws. */
  emit<Name extends EventName>(name: Name, event: SpinachEvents[Name]): void {
    // Of a copy: a receiver may add and take away receivers.
    for (const receiver of Array.from(this.#receivers[name])) this.#deliver(name, receiver, event);
    if (CHANNELS[name].hasSubscribers) CHANNELS[name].publish(event);
  }

  #deliver<Name extends EventName>(
    name: Name,
    receiver: Receiver<Name>,
    event: SpinachEvents[Name],
  ): void {
    const report = (err: unknown): void => {
      this.#onFault(err, name);
    };
    try {
      const returned = receiver(event);
      // A promise of another realm or library is one too.
      if (isThenable(returned)) returned.then(undefined, report);
    } catch (error) {
      report(error);
    }
  }
}
