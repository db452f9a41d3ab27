import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Socket } from "node:net";

type Seen = (socket: Socket) => void;

/** Who asks, in the async context of what makes the connection. */
const asking = new AsyncLocalStorage<Seen>();

function isAnnouncement(message: unknown): message is { readonly socket: unknown } {
  return typeof message === "object" && message !== null && "socket" in message;
}

function announced(message: unknown): void {
  if (isAnnouncement(message) && message.socket instanceof Socket)
    asking.getStore()?.(message.socket);
}

/** On which Node announces the sockets of clients. */
const CHANNEL = "net.client.socket";

let connecting = 0;

/**
 * Runs what connects by a package that keeps its socket to itself. Resolves to the last socket that it made: of TCP, of
 * TLS, or of a path; `undefined` if none was seen. Node announces them in the async context of their maker.
 */
export async function watchSocket(connect: () => Promise<unknown>): Promise<Socket | undefined> {
  if (connecting === 0) subscribe(CHANNEL, announced);
  connecting += 1;
  let last: Socket | undefined;
  try {
    await asking.run((socket) => {
      last = socket;
    }, connect);
    return last;
  } finally {
    connecting -= 1;
    if (connecting === 0) unsubscribe(CHANNEL, announced);
  }
}
