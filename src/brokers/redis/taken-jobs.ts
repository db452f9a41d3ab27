import type { BrokerError } from "../../core/errors.ts";
import type { StoredJob } from "../../core/job.ts";
import type { ExchangeReply } from "../broker.ts";
import type { JobReader } from "./job-reader.ts";

/** The reply of a trip. Its jobs are read at the first look: until then, the next trip can be under way. */
export class TakenJobs implements ExchangeReply {
  readonly more: boolean;
  readonly nextDueMs: number | undefined;
  readonly refusal: BrokerError | undefined;
  readonly #reader: JobReader;
  readonly #wires: readonly string[];
  #jobs: readonly StoredJob[] | undefined;

  constructor(
    reader: JobReader,
    wires: readonly string[],
    {
      more,
      nextDueMs,
      refusal,
    }: Pick<ExchangeReply, "more"> & Partial<Pick<ExchangeReply, "nextDueMs" | "refusal">>,
  ) {
    this.more = more;
    this.nextDueMs = nextDueMs;
    this.refusal = refusal;
    this.#reader = reader;
    this.#wires = wires;
  }

  get count(): number {
    return this.#wires.length;
  }

  get jobs(): readonly StoredJob[] {
    this.#jobs ??= this.#reader.read(this.#wires);
    return this.#jobs;
  }
}
