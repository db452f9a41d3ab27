import { setTimeout as sleep } from "node:timers/promises";

import { createClient } from "@redis/client";

/** A connection of the harness, to look at the server while nothing is measured. */
export class Probe implements AsyncDisposable {
  readonly #client;

  constructor(port: number) {
    this.#client = createClient({ url: `redis://127.0.0.1:${port}` });
    this.#client.on("error", (error: Error) => {
      throw error;
    });
  }

  async open(): Promise<void> {
    await this.#client.connect();
  }

  async flush(): Promise<void> {
    await this.#client.flushAll();
  }

  async length(key: string): Promise<number> {
    return this.#client.lLen(key);
  }

  /** @throws Error if one of the keys exists: a job was left behind */
  async expectNone(keys: readonly string[]): Promise<void> {
    const left = await this.#client.exists([...keys]);
    if (left > 0) throw new Error(`jobs were left behind in ${keys.join(" or ")}`);
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

  /** Commands that the server has run, those inside scripts too, without the INFO of the probe itself. */
  async commands(): Promise<number> {
    const lines = [...(await this.#info("commandstats"))].filter(
      ([name]) => name !== "cmdstat_info",
    );
    return lines.reduce((sum, [, value]) => sum + Number(/calls=(\d+)/v.exec(value)?.[1]), 0);
  }

  async #info(section: string): Promise<Map<string, string>> {
    const lines = (await this.#client.info(section)).split("\r\n");
    return new Map(
      lines
        .filter((line) => line.includes(":"))
        .map((line) => {
          const colon = line.indexOf(":");
          return [line.slice(0, colon), line.slice(colon + 1)];
        }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

function number(fields: ReadonlyMap<string, string>, name: string): number {
  return Number(fields.get(name));
}
