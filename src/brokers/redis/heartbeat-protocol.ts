import type { RescueReply } from "../broker.ts";
import type { RedisTarget } from "./redis-target.ts";

/** What the heartbeat thread starts with. */
export interface HeartbeatThreadData {
  readonly target: RedisTarget;
  readonly namespace: string;
  readonly hostName: string;
  readonly leaseMs: number;
  readonly callTimeoutMs: number;
  /** After so long without a sign of life of the process, in ms, its lease is let go. */
  readonly stuckAfterMs: number;
  /** One 32-bit number that the process counts up while its event loop turns. */
  readonly signsOfLife: SharedArrayBuffer;
}

/** To the thread. Each is answered by `done` or `refused`. */
export type HeartbeatRequest =
  | { readonly type: "join"; readonly brokerId: string }
  | { readonly type: "leave" };

/** From the thread. */
export type HeartbeatMessage =
  | { readonly type: "done" }
  | { readonly type: "refused"; readonly message: string }
  | { readonly type: "lost"; readonly brokerId: string }
  | { readonly type: "rescued"; readonly brokerId: string; readonly reply: RescueReply }
  | { readonly type: "failed"; readonly message: string };
