import type { HeartbeatThreadData } from "../heartbeat/heartbeat-protocol.ts";
import type { RedisTarget } from "./redis-target.ts";

/** What the heartbeat thread of a Redis broker starts with. */
export interface RedisHeartbeatData extends HeartbeatThreadData {
  readonly target: RedisTarget;
  readonly namespace: string;
  readonly hostName: string;
  readonly leaseMs: number;
  readonly callTimeoutMs: number;
}
