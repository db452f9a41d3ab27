import { MalformedJobError } from "../../core/errors.ts";
import { decodeJob } from "../../core/job-codec.ts";
import { JobStatus } from "../../core/job-status.ts";
import type { StoredJob } from "../../core/job.ts";
import type { Logger } from "../../platform/logger.ts";
import type { UnreadableJob } from "./settle-request.ts";

/** Reads the jobs that a broker holds, and remembers those that no task can run, to be set aside. */
export class JobReader {
  readonly #logger: Logger;
  readonly #quarantine: string;
  /** Id by which the broker holds it -> why it cannot be read. */
  readonly #unreadable = new Map<string, string>();

  /** @param quarantine - key of what is set aside, for the log */
  constructor(logger: Logger, quarantine: string) {
    this.#logger = logger;
    this.#quarantine = quarantine;
  }

  /** Those that can be read. */
  read(wires: readonly string[]): readonly StoredJob[] {
    const jobs: StoredJob[] = [];
    for (const wire of wires) {
      try {
        jobs.push(decodeJob(wire, JobStatus.RUNNING));
      } catch (error) {
        if (!(error instanceof MalformedJobError)) throw error;
        this.#note(error);
      }
    }
    return jobs;
  }

  /** To be told to the next exchange. */
  get unreadable(): readonly UnreadableJob[] {
    return Array.from(this.#unreadable, ([id, reason]) => ({ id, reason }));
  }

  /** They are set aside, or others'. */
  forget(jobs: readonly UnreadableJob[] = this.unreadable): void {
    for (const { id } of jobs) this.#unreadable.delete(id);
  }

  #note(err: MalformedJobError): void {
    const id = heldId(err.wire);
    if (id === undefined || this.#unreadable.has(id)) return;
    this.#unreadable.set(id, err.message);
    this.#logger.error(
      { err, quarantine: this.#quarantine },
      "set aside a job that cannot be read",
    );
  }
}

/** By which id a broker holds a text that is no job, as lua/lib/job.lua reads it. */
function heldId(wire: string): string | undefined {
  const own = /^\{"id":"(?<id>.{36})"/sv.exec(wire)?.groups?.["id"];
  if (own !== undefined) return own;
  try {
    const value: unknown = JSON.parse(wire);
    const isObject = typeof value === "object" && value !== null;
    return isObject && "id" in value && typeof value.id === "string" ? value.id : undefined;
  } catch {
    return undefined;
  }
}
