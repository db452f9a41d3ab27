import type { ExchangeRequest } from "../broker.ts";
import { intactTexts } from "./held-texts.ts";
import { wasLate } from "./late-calls.ts";
import type { ScriptCall } from "./lua-scripts.ts";
import type { RedisParts } from "./redis-parts.ts";
import { array, textArray } from "./replies.ts";
import { cutOutcomes, exchangeCall, type UnreadableJob } from "./settle-request.ts";
import { TripSize } from "./trip-size.ts";

/** One trip, as the arbiter asks for it, and for whom. */
export interface TripRequest extends ExchangeRequest {
  /** The broker, now. */
  readonly brokerId: string;
  readonly unreadable: readonly UnreadableJob[];
}

/** What a trip has brought: see lua/exchange.lua. */
export interface TripReply {
  readonly code: unknown;
  readonly due: unknown;
  readonly wires: readonly string[];
  readonly counted: unknown;
  /** Why no job could be taken; `undefined` where that did not fail. */
  readonly refusal: unknown;
}

/** Makes trips that carry no more bytes than their way allows, either way. */
export class Trips {
  readonly #size = new TripSize();

  /** @param wanted - most jobs that there is room for */
  most(wanted: number): number {
    return this.#size.most(wanted);
  }

  /** Settles, then takes. What carries too much for one request comes in several, of which the last one takes. */
  async make(parts: RedisParts, request: TripRequest): Promise<TripReply> {
    const takes = request.max > 0;
    // A reply that is lost may have brought some.
    let mayHoldJobs = true;
    if (takes) parts.heartbeat.startTaking();
    try {
      const reply = array(await this.#send(parts, request));
      const [code, due, taken = [], counted, refusal] = reply;
      const wires = await intactTexts({ ...parts, brokerId: request.brokerId }, textArray(taken));
      this.#size.brought(wires);
      mayHoldJobs = wires.length > 0;
      return { code, due, wires, counted, refusal };
    } catch (error) {
      if (wasLate(error)) this.#size.late();
      throw error;
    } finally {
      if (takes) parts.heartbeat.endTaking(mayHoldJobs);
    }
  }

  /** Resolves to the last reply. None waits for the one before: Redis runs them in order. */
  async #send(parts: RedisParts, request: TripRequest): Promise<unknown> {
    const maxBytes = this.#size.bytes;
    const pieces = cutOutcomes(request.outcomes, maxBytes);
    const last = pieces.length - 1;
    const replies = await Promise.all(
      pieces.map((outcomes, index) => {
        const piece = index === last ? request : { ...request, queues: [], max: 0, unreadable: [] };
        return parts.connection.run(callOf(parts, { ...piece, outcomes }, maxBytes), {
          expectedBytes: piece.max > 0 ? maxBytes : 0,
          jobIds: () => outcomes.map(({ stored }) => stored.job.id),
        });
      }),
    );
    return replies.at(-1);
  }
}

function callOf(
  { keys, runtime, wakeUps }: RedisParts,
  request: TripRequest,
  maxBytes: number,
): ScriptCall {
  const { brokerId, queues, unreadable } = request;
  return exchangeCall(request, {
    keys,
    brokerId,
    holderId: brokerId,
    nowMs: runtime.clock.now(),
    maxBytes,
    unreadable,
    mayBeIdle: wakeUps.mayBeIdle(queues),
    clears: wakeUps.clears(queues),
  });
}
