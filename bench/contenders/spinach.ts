import { RedisBroker } from "spinach/redis";

import type { Setting, Setup } from "../lib/contender.ts";
import { NAMESPACE, OWN_SETTINGS, OwnEngine } from "./own-engine.ts";

export const SETTINGS: readonly Setting[] = OWN_SETTINGS;

const QUEUE = `${NAMESPACE}/spinach`;

export function create({ redisPort, payload }: Setup): OwnEngine {
  const broker = new RedisBroker(`redis://127.0.0.1:${redisPort}`);
  return new OwnEngine({
    broker,
    payload,
    waiting: async ({ redis }) => redis.listLength(QUEUE),
    left: async ({ redis }) =>
      redis.existing([QUEUE, `${NAMESPACE}/_running-jobs-on-broker-${broker.id}`]),
  });
}
