import { after, before, describe, it } from "node:test";

import * as fc from "fast-check";

import type { Broker } from "../../../src/brokers/broker.ts";
import type { BrokerKind, TestCluster } from "../../../src/testing/conformance/test-cluster.ts";
import { QUEUES, type QueueName, type Statement, type TaskName } from "./cluster-model.ts";
import { definition, LEAP_MS, type ModelCluster, ModelRun, reset } from "./model-run.ts";

const BROKERS = 3;
const HOUR_MS = 3_600_000;

/** What the model test needs to know of a kind of broker. */
export interface ModelOptions {
  /** How many random sequences it goes through. @defaultValue 300 */
  readonly runs?: number;
  /** For a kind that lives in real time: moves all that waits as if `ms` had passed. @defaultValue `pass` */
  readonly shiftTime?: (ms: number) => Promise<void>;
  /** How far times may be off, in ms. @defaultValue 0 */
  readonly precisionMs?: number;
  /**
   * Whether jobs keep their order when the limit that they were parked behind is taken away, and others are put
   * back. @defaultValue true
   */
  readonly ordersUnlimited?: boolean;
}

type Step = (run: ModelRun) => Promise<void>;

/** A step with a text that shows it when it fails. */
interface Command {
  readonly text: string;
  readonly step: Step;
}

const broker = fc.nat({ max: BROKERS - 1 });
const queues: fc.Arbitrary<readonly QueueName[]> = fc.subarray([...QUEUES], { minLength: 1 });
const slots = fc.array(
  fc.oneof(fc.constant(0), fc.constant(-1), fc.integer({ min: 1, max: 1000 })),
  {
    minLength: 1,
    maxLength: 4,
  },
);
const scheduled: fc.Arbitrary<TaskName> = fc.constantFrom(
  "plain",
  "again",
  "limited",
  "limited",
  "single",
  "single",
);
const endings = fc.array(
  fc.constantFrom(
    "succeeded",
    "failed",
    "retried",
    "later",
    "released",
    "released",
    "keep",
    "keep",
  ),
  { maxLength: 5 },
);
const statements: fc.Arbitrary<readonly Statement[]> = fc.subarray(
  [
    { task: "limited", limit: 2 },
    { task: "single", limit: 1 },
    { task: "beat", periodMs: HOUR_MS },
    { task: "pulse", periodMs: 2 * HOUR_MS },
    { task: "plain" },
  ] as Statement[],
  { minLength: 1 },
);
const changes: fc.Arbitrary<readonly Statement[]> = fc.constantFrom<readonly Statement[]>(
  [{ task: "limited", limit: 1 }],
  [{ task: "limited", limit: 3 }],
  [{ task: "beat", periodMs: 3 * HOUR_MS }],
  [{ task: "pulse" }],
);

/** Limits are taken away. */
const unlimits: fc.Arbitrary<readonly Statement[]> = fc.constantFrom<readonly Statement[]>(
  [{ task: "limited" }],
  [{ task: "single" }],
);

const commands: Array<fc.WeightedArbitrary<Command>> = [
  {
    weight: 5,
    arbitrary: command("enqueue", [broker, scheduled, slots], (run, [by, task, when]) =>
      run.enqueue(by, task, when),
    ),
  },
  {
    weight: 8,
    arbitrary: command(
      "exchange",
      [broker, endings, queues, fc.nat({ max: 4 })],
      (run, [by, ends, from, max]) => run.exchange(by, ends, { queues: from, max }),
    ),
  },
  { weight: 2, arbitrary: command("tick", [], (run) => run.tick()) },
  { weight: 2, arbitrary: command("leap", [], (run) => run.leap()) },
  {
    weight: 2,
    arbitrary: command("register", [broker, statements], (run, [by, what]) =>
      run.register(by, what),
    ),
  },
  {
    weight: 2,
    arbitrary: command("register", [broker, changes], (run, [by, what]) => run.register(by, what)),
  },
  {
    weight: 1,
    arbitrary: command(
      "reconcile",
      [broker, fc.array(fc.boolean(), { minLength: 1, maxLength: 4 }), queues],
      (run, [by, isKnown, from]) => run.reconcile(by, isKnown, from),
    ),
  },
  {
    weight: 1,
    arbitrary: command(
      "die",
      [broker, fc.integer({ min: 1, max: BROKERS - 1 })],
      (run, [dead, by]) => run.die(dead, (dead + by) % BROKERS),
    ),
  },
];

const unlimit: fc.WeightedArbitrary<Command> = {
  weight: 1,
  arbitrary: command("register", [broker, unlimits], (run, [by, what]) => run.register(by, what)),
};

/** Whatever is done in whatever order, brokers of this kind do what the model says. A failure prints its seed. */
export function brokerModel(kind: BrokerKind, options: ModelOptions = {}): void {
  const { runs = 300, shiftTime, precisionMs = 0, ordersUnlimited = true } = options;
  const possible = fc.oneof(...commands, ...(ordersUnlimited ? [unlimit] : []));
  const sequences = fc.array(possible, { maxLength: 40, size: "max" });
  describe(`${kind.name} does as the model of a cluster`, () => {
    let cluster: TestCluster;
    const brokers: Broker[] = [];
    before(async () => {
      cluster = await kind.createCluster();
      // One after the other: whose definition counts goes by the order in which they register first.
      while (brokers.length < BROKERS) {
        const joined = await cluster.broker();
        await joined.register([definition({ task: "plain" })]);
        brokers.push(joined);
      }
    });
    after(() => cluster.close());

    it("[G1] [G4] [G5] [G8] [G9] [G10] after any sequence of operations", async () => {
      const leap = async (): Promise<number> => {
        await (shiftTime === undefined ? cluster.pass(LEAP_MS) : shiftTime(LEAP_MS));
        return shiftTime === undefined ? 0 : LEAP_MS;
      };
      await fc.assert(
        fc.asyncProperty(statements, sequences, async (first, sequence) => {
          await reset(brokers);
          const modelCluster: ModelCluster = { ...cluster, leap, precisionMs };
          const run = new ModelRun(modelCluster, brokers);
          await run.register(0, first);
          for (const { step } of sequence) {
            await step(run);
            await run.compareQueues();
          }
          await run.drain();
        }),
        {
          numRuns: Number(process.env["MODEL_RUNS"] ?? runs),
          ...seedOf(process.env["MODEL_SEED"]),
        },
      );
    });
  });
}

/** `MODEL_SEED=-123 node --test ...` goes through the same sequences again. */
function seedOf(text: string | undefined): { readonly seed?: number } {
  return text === undefined ? {} : { seed: Number(text) };
}

function command<Values extends unknown[]>(
  name: string,
  values: { readonly [Index in keyof Values]: fc.Arbitrary<Values[Index]> },
  step: (run: ModelRun, values: Values) => Promise<void>,
): fc.Arbitrary<Command> {
  return fc.tuple(...values).map((chosen) => ({
    text: `${name}(${chosen.map((value) => JSON.stringify(value)).join(", ")})`,
    step: (run) => step(run, chosen as Values),
    toString(): string {
      return this.text;
    },
  }));
}
