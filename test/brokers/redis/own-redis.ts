import { after, before } from "node:test";

import { inspect, type Inspector } from "./inspector.ts";
import { startRedis, type TestRedis } from "./redis-server.ts";

/** A server for the tests of one file, and a look into it. */
export interface OwnRedis {
  readonly url: string;
  readonly inspector: Inspector;
}

/** To be called at the top of a file. It is there from before the first test until after the last one. */
export function ownRedis(): OwnRedis {
  let server: TestRedis | undefined;
  let inspector: Inspector | undefined;
  before(async () => {
    server = await startRedis();
    inspector = await inspect(server.url);
  });
  after(async () => {
    inspector?.close();
    await server?.stop();
  });
  return {
    get url() {
      return started(server).url;
    },
    get inspector() {
      return started(inspector);
    },
  };
}

function started<Part>(part: Part | undefined): Part {
  if (part !== undefined) return part;
  throw new Error("a Redis of its own is there only within tests");
}
