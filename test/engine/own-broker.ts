/** A broker whose side of the contract a test plays. */
import { mock } from "node:test";

import type { ClaimJobs, ExchangeRequest, WakeUpListener } from "../../src/brokers/broker.ts";
import type { FaultBroker } from "../../src/testing/fault-broker.ts";

/** How a broker tells of a lost lease: when the test says so. */
export function leaseOf(broker: FaultBroker): { readonly lose: () => void } {
  const listeners = new Set<() => void>();
  mock.method(broker, "onLeaseLost", (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  });
  return {
    lose: () => {
      for (const listener of listeners) listener();
    },
  };
}

/** Claims to jobs as a broker asks for them that can let this process have its own at once. */
export function claimsOf(broker: FaultBroker): ClaimJobs {
  let ask: ClaimJobs = () => undefined;
  const onWakeUp = broker.onWakeUp.bind(broker);
  mock.method(broker, "onWakeUp", (listener: WakeUpListener, claim: ClaimJobs = ask) => {
    ask = claim;
    return onWakeUp(listener);
  });
  return (queue) => ask(queue);
}

/** Grows by what each trip from now on tells: the kind of the outcome, and the name of its task. */
export function toldBy(broker: FaultBroker): readonly string[] {
  const told: string[] = [];
  const exchange = broker.exchange.bind(broker);
  mock.method(broker, "exchange", (request: ExchangeRequest) => {
    told.push(...request.outcomes.map(({ kind, stored }) => `${kind} ${stored.job.taskName}`));
    return exchange(request);
  });
  return told;
}
