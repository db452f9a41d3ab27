import { setTimeout as sleep } from "node:timers/promises";

import { createClient, type RedisClientType } from "@redis/client";

/** A connection of the harness to Redis; stands once it was asked for something. */
export class RedisProbe {
  readonly #client: RedisClientType;
  #connected: Promise<unknown> | undefined;

  constructor(port: number) {
    this.#client = createClient({ url: `redis://127.0.0.1:${port}` });
    this.#client.on("error", (error: Error) => {
      throw error;
    });
  }

  async flush(): Promise<void> {
    await (await this.#open()).flushAll();
  }

  async listLength(key: string): Promise<number> {
    return (await this.#open()).lLen(key);
  }

  async hashLength(key: string): Promise<number> {
    return (await this.#open()).hLen(key);
  }

  /** How many of the keys exist. */
  async existing(keys: readonly string[]): Promise<number> {
    return (await this.#open()).exists([...keys]);
  }

  /** CPU time that the server has used, in us. */
  async serverCpuUs(): Promise<number> {
    const fields = await this.#info("cpu");
    return 1e6 * (number(fields, "used_cpu_user") + number(fields, "used_cpu_sys"));
  }

  /** In bytes, after buffers have had time to shrink. */
  async usedMemory(): Promise<number> {
    await sleep(200);
    return number(await this.#info("memory"), "used_memory");
  }

  async version(): Promise<string> {
    return (await this.#info("server")).get("redis_version") ?? "?";
  }

  /** Bytes that the server has received and sent. */
  async traffic(): Promise<{ readonly received: number; readonly sent: number }> {
    const fields = await this.#info("stats");
    return {
      received: number(fields, "total_net_input_bytes"),
      sent: number(fields, "total_net_output_bytes"),
    };
  }

  /** Commands that the server has run, those inside scripts too, without the INFO of the probe itself. */
  async commands(): Promise<number> {
    const lines = [...(await this.#info("commandstats"))].filter(
      ([name]) => name !== "cmdstat_info",
    );
    return lines.reduce((sum, [, value]) => sum + Number(/calls=(\d+)/v.exec(value)?.[1]), 0);
  }

  async close(): Promise<void> {
    await this.#connected;
    if (this.#client.isOpen) await this.#client.close();
  }

  async #open(): Promise<RedisClientType> {
    this.#connected ??= this.#client.connect();
    await this.#connected;
    return this.#client;
  }

  async #info(section: string): Promise<Map<string, string>> {
    const lines = (await (await this.#open()).info(section)).split("\r\n");
    return new Map(
      lines
        .filter((line) => line.includes(":"))
        .map((line) => {
          const colon = line.indexOf(":");
          return [line.slice(0, colon), line.slice(colon + 1)];
        }),
    );
  }
}

function number(fields: ReadonlyMap<string, string>, name: string): number {
  return Number(fields.get(name));
}
