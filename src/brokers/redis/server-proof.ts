import { type RedisClient, replyIfAllowed } from "./redis-client.ts";
import { ReplicaError } from "./redis-errors.ts";
import { array } from "./replies.ts";

/**
 * What names the server that a connection leads to, whatever name or address it was found by: of its process, so another
 * one after a restart. `undefined` where the user may not ask, or what stands in between does not know.
 */
export async function serverId(client: RedisClient): Promise<string | undefined> {
  const info = String(await replyIfAllowed(client, ["INFO", "server"]));
  return /^run_id:(?<id>\w+)/mv.exec(info)?.groups?.["id"];
}

/** Rejects if the server is a replica. One that does not tell its role is let through. */
export async function refuseReplica(client: RedisClient): Promise<void> {
  const reply = await replyIfAllowed(client, ["ROLE"]);
  if (reply === undefined) return;
  const [role] = array(reply);
  if (role !== "master") {
    throw new ReplicaError(`the server that was found is a ${String(role)}`);
  }
}
