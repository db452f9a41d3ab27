import { MAX_TIMER_MS } from "../../core/constants.ts";
import { checkInteger, checkOptions } from "../../core/option-checks.ts";

/** Options of a Redis broker. */
export interface RedisBrokerOptions {
  /**
   * How long this process may be silent before others take its jobs over, in ms, from 1,000.
   * @defaultValue 10_000
   */
  readonly lease?: number | undefined;
  /**
   * After so long a block of the event loop, in ms, from 100, what blocks it is logged: the tasks, and the
   * stack where it was then. The log comes when the loop turns again. @defaultValue 5_000
   */
  readonly blockedAfter?: number | undefined;
  /**
   * After so long a block, in ms, from 1,000, the lease is let go, so that others take the jobs over; one
   * line on stderr says so. @defaultValue 600_000
   */
  readonly stuckAfter?: number | undefined;
  /**
   * How long a call to Redis waits while no byte comes, in ms. A call that sends or brings many bytes may take longer, as
   * long as the line moves 10 KB/s. @defaultValue 5_000
   */
  readonly callTimeout?: number | undefined;
  /** How long `schedule` tries again while Redis cannot be reached, in ms. @defaultValue 30_000 */
  readonly enqueueTimeout?: number | undefined;
}

const DEFAULTS = Object.freeze({
  lease: 10_000,
  blockedAfter: 5000,
  stuckAfter: 600_000,
  callTimeout: 5000,
  enqueueTimeout: 30_000,
});

/** @internal What to do with them where a connection's options are. */
export const BROKER_OPTION_HINTS: Readonly<Record<string, string>> = Object.freeze(
  Object.fromEntries(
    Object.keys(DEFAULTS).map((name) => [
      name,
      `it belongs into the second argument, as in new RedisBroker(url, { ${name}: ... })`,
    ]),
  ),
);

/** Options after the check: all there. */
export type CheckedRedisBrokerOptions = Readonly<Record<keyof RedisBrokerOptions, number>>;

/** @throws TypeError or RangeError naming the option, its rule and the value */
export function checkRedisBrokerOptions(options: RedisBrokerOptions): CheckedRedisBrokerOptions {
  checkOptions("RedisBroker", options, Object.keys(DEFAULTS));
  const {
    lease = DEFAULTS.lease,
    blockedAfter = DEFAULTS.blockedAfter,
    stuckAfter = DEFAULTS.stuckAfter,
    callTimeout = DEFAULTS.callTimeout,
    enqueueTimeout = DEFAULTS.enqueueTimeout,
  } = options;
  return {
    lease: checkMs("lease", lease, 1000),
    blockedAfter: checkMs("blockedAfter", blockedAfter, 100),
    stuckAfter: checkMs("stuckAfter", stuckAfter, 1000),
    callTimeout: checkMs("callTimeout", callTimeout, 1),
    enqueueTimeout: checkMs("enqueueTimeout", enqueueTimeout, 0),
  };
}

function checkMs(name: string, value: unknown, min: number): number {
  return checkInteger(`RedisBroker: ${name}`, value, { min, max: MAX_TIMER_MS, unit: "ms" });
}
