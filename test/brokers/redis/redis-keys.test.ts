import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import { checkNamespace } from "../../../src/brokers/redis/redis-keys.ts";
import { redisTarget } from "../../../src/brokers/redis/redis-target.ts";
import { Engine } from "../../../src/engine/engine.ts";

suite("a namespace on Redis", () => {
  test("with a slash is refused by new Engine(), which says how to move", () => {
    assert.throws(
      () => new Engine(new RedisBroker("redis://127.0.0.1:6379"), { namespace: "shop/eu" }),
      {
        name: "RangeError",
        message:
          /got "shop\/eu": call it "shop-eu"; .* rename each key that starts with "shop\/eu\/"/v,
      },
    );
  });

  test("may have any other character that a name may have", () => {
    const target = redisTarget("redis://127.0.0.1:6379");
    for (const name of ["shop", "{shop}", "shop:eu", "größe", "_", "a\\b"]) {
      checkNamespace(name, target);
    }
  });
});
