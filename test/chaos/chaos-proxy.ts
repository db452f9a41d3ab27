import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

import { Lane } from "../brokers/redis/lane.ts";

/** The network between one process and its server, and what networks do. */
export interface ChaosProxy {
  readonly port: number;
  /** Where new connections lead from now on. */
  lead(port: number): void;
  /** Cuts every connection; new ones are made as usual. */
  cut(): void;
  /** The connections of now pass nothing more, and stay open: their other end does not know. */
  halfOpen(): void;
  /** The same, and new ones too, until it is ended. */
  swallow(isOn: boolean): void;
  /** Replies come so much later, in ms; 0 for at once. */
  delay(latencyMs: () => number): void;
  /** What all its connections share, towards the server. */
  readonly up: Lane;
  /** And towards the process. */
  readonly down: Lane;
  /** The next reply of so many bytes or more is cut in the middle, and its connection with it. */
  tearReply(leastBytes: number): void;
  /** The next one is lost, and its connection with it: the request was heard. */
  loseReply(leastBytes: number): void;
  /** Connections that are open. */
  readonly open: number;
  close(): Promise<void>;
}

interface LateReply {
  readonly chunk: Buffer;
  /** When it is delivered at the earliest, on the monotonic clock. */
  readonly atMs: number;
}

interface Link {
  readonly client: Socket;
  readonly target: Socket;
  isDead: boolean;
  /** Replies on their way, in order: no timer decides that. */
  readonly late: LateReply[];
}

const HOST = "127.0.0.1";

/** Starts a proxy on a free port of 127.0.0.1. */
export async function startChaosProxy(targetPort: number): Promise<ChaosProxy> {
  const links = new Set<Link>();
  const [up, down] = [new Lane(), new Lane()];
  let leadsTo = targetPort;
  let isSwallowing = false;
  let latencyMs = (): number => 0;
  let nextReply: "whole" | "torn" | "lost" = "whole";
  let leastLength = 0;

  const end = ({ client, target }: Link): void => {
    client.destroy();
    target.destroy();
  };

  const reply = (link: Link, chunk: Buffer): void => {
    if (nextReply === "whole" || chunk.length < leastLength) {
      down.pass(link.target, link.client, chunk);
      return;
    }
    if (nextReply === "torn" && chunk.length > 1) {
      link.client.end(chunk.subarray(0, Math.floor(chunk.length / 2)));
    }
    nextReply = "whole";
    setImmediate(() => end(link));
  };

  const replyLater = (link: Link, chunk: Buffer): void => {
    link.late.push({ chunk, atMs: performance.now() + latencyMs() });
    if (link.late.length === 1) deliver(link);
  };

  const deliver = (link: Link): void => {
    for (let next = link.late[0]; next !== undefined; next = link.late[0]) {
      const waitMs = next.atMs - performance.now();
      if (waitMs > 0) {
        setTimeout(() => deliver(link), Math.ceil(waitMs));
        return;
      }
      reply(link, next.chunk);
      link.late.shift();
    }
  };

  const server = createServer((client) => {
    const target = connect(leadsTo, HOST);
    const link: Link = { client, target, isDead: isSwallowing, late: [] };
    links.add(link);
    for (const socket of [client, target]) {
      socket.setNoDelay(true);
      socket.on("error", () => end(link));
      socket.once("close", () => {
        // Of a dead link neither end hears of the other.
        if (link.isDead && socket === target) return;
        links.delete(link);
        end(link);
      });
    }
    client.on("data", (chunk) => {
      if (!link.isDead) up.pass(client, target, chunk);
    });
    target.on("data", (chunk) => {
      if (!link.isDead) replyLater(link, chunk);
    });
  }).listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  const killAll = (): void => {
    for (const link of links) link.isDead = true;
  };
  const cut = (): void => {
    for (const link of links) end(link);
  };
  return {
    port: address.port,
    up,
    down,
    lead: (port) => {
      leadsTo = port;
    },
    cut,
    halfOpen: killAll,
    swallow: (isOn) => {
      isSwallowing = isOn;
      if (isOn) killAll();
    },
    delay: (next) => {
      latencyMs = next;
    },
    tearReply: (leastBytes) => {
      nextReply = "torn";
      leastLength = leastBytes;
    },
    loseReply: (leastBytes) => {
      nextReply = "lost";
      leastLength = leastBytes;
    },
    get open() {
      return links.size;
    },
    close: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
