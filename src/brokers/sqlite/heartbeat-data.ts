import type { HeartbeatThreadData } from "../heartbeat/heartbeat-protocol.ts";
import type { CheckedSqliteBrokerOptions } from "./sqlite-broker-options.ts";

/** What the heartbeat thread of an SQLite broker starts with. */
export interface SqliteHeartbeatData extends HeartbeatThreadData {
  readonly path: string;
  readonly namespace: string;
  readonly options: CheckedSqliteBrokerOptions;
}
