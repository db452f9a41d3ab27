import type { HeartbeatThreadData } from "../heartbeat/heartbeat-protocol.ts";
import type { RedisTarget } from "./redis-target.ts";
import type { ThreadNode } from "./thread-target.ts";

/** What the heartbeat thread of a Redis broker starts with. */
export interface RedisHeartbeatData extends HeartbeatThreadData {
  readonly target: RedisTarget<ThreadNode>;
  readonly namespace: string;
  readonly hostName: string;
  readonly leaseMs: number;
  readonly callTimeoutMs: number;
}
