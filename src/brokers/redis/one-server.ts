import type { HeartbeatNotice } from "../heartbeat/heartbeat-protocol.ts";
import type { RedisConnection } from "./connection.ts";

/** The connections of a process. */
export interface OneServerParts {
  readonly connection: RedisConnection;
  readonly subscriber: RedisConnection;
  /** Has no effect where there is no heartbeat thread. */
  readonly tellHeartbeat: (notice: HeartbeatNotice) => void;
}

/**
 * Keeps the connections of a process at one server: those for commands and for notifications, and that of the heartbeat
 * thread. A name or an address does not prove that: what resolves it, or stands in between, leads elsewhere after a
 * failover, and the old server may stay up. So each connection that is made asks which server it is, and of two that
 * differ the one that was made earlier looks again. Where servers do not tell, the others follow the one for commands.
 *
 * One that is lost raises doubts about the others, which are silent and may be dead: they are probed at once.
 */
export class OneServer {
  readonly #parts: OneServerParts;

  constructor(parts: OneServerParts) {
    this.#parts = parts;
    const { connection, subscriber, tellHeartbeat } = parts;
    connection.onReady(() => {
      const { server } = connection;
      if (server === undefined || subscriber.server !== server) subscriber.lookAgain();
      tellHeartbeat({ type: "meet", server });
    });
    subscriber.onReady(() => {
      this.#wasFoundBy(subscriber.server);
    });
    connection.onLost(() => {
      subscriber.probe();
      tellHeartbeat({ type: "probe" });
    });
    subscriber.onLost(() => {
      connection.probe();
      tellHeartbeat({ type: "probe" });
    });
  }

  /** The heartbeat thread has made its connection. */
  heartbeatReady(server: string | undefined): void {
    if (server === undefined) this.#parts.connection.probe();
    this.#wasFoundBy(server);
  }

  /** The heartbeat thread has lost its connection. */
  heartbeatLost(): void {
    this.#parts.connection.probe();
    this.#parts.subscriber.probe();
  }

  #wasFoundBy(later: string | undefined): void {
    const { connection } = this.#parts;
    const { server } = connection;
    if (later !== undefined && server !== undefined && later !== server) connection.lookAgain();
  }
}
