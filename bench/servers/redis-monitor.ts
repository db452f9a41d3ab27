import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A line that tells of a command inside a script: after the number of the database stands "lua". */
const IN_SCRIPT = /^\+\d+\.\d+ \[\d+ lua\]/v;

/** Counts the commands that clients send, and apart from them those that their scripts run: `MONITOR` tells both. */
export class RedisMonitor {
  readonly #socket: Socket;
  readonly #ignored: RegExp;
  #rest = "";
  #sent = 0;
  #inScripts = 0;
  #bytes = 0;

  private constructor(socket: Socket, ignored: RegExp) {
    this.#socket = socket;
    this.#ignored = ignored;
    socket.on("data", (chunk) => this.#read(String(chunk), chunk.length));
  }

  /** `ignored`: commands that are not counted, those of the harness. */
  static async start(port: number, ignored: RegExp): Promise<RedisMonitor> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    const monitor = new RedisMonitor(socket, ignored);
    socket.write("MONITOR\r\n");
    await once(socket, "data");
    return monitor;
  }

  /** What clients sent, each a trip of its own unless a client sends several at once. */
  get sent(): number {
    return this.#sent;
  }

  get inScripts(): number {
    return this.#inScripts;
  }

  /** What the server has sent to this connection. */
  get bytes(): number {
    return this.#bytes;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string, bytes: number): void {
    this.#bytes += bytes;
    const lines = (this.#rest + text).split("\r\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (this.#ignored.test(line) || !line.includes("[")) continue;
      if (IN_SCRIPT.test(line)) this.#inScripts += 1;
      else this.#sent += 1;
    }
  }
}
