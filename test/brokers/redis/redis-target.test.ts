import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { createClient, createClientPool, createCluster, createSentinel } from "@redis/client";

import { RedisBroker } from "../../../src/brokers/redis/redis-broker.ts";
import type { RedisNode } from "../../../src/brokers/redis/redis-node.ts";
import { redisTarget } from "../../../src/brokers/redis/redis-target.ts";

const SECRET = "hush-hush";

/** What it is refused with; the message and its cause never hold the password. */
function refusal(redis: unknown): string {
  try {
    redisTarget(redis);
  } catch (error) {
    assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
    assert.match(error.message, /^RedisBroker: /v);
    assert.doesNotMatch(`${error.message} ${String(error.cause)}`, new RegExp(SECRET, "v"));
    return `${error.name}: ${error.message}`;
  }
  return assert.fail(`was let through: ${JSON.stringify(redis)}`);
}

function refuses(redis: unknown, message: RegExp): void {
  assert.match(refusal(redis), message);
}

const USER = { username: "user", password: "pass" };
const URLS: Readonly<Record<string, RedisNode>> = {
  "redis://localhost": { socket: { host: "localhost" } },
  "redis://127.0.0.1:6380/2": { database: 2, socket: { host: "127.0.0.1", port: 6380 } },
  "redis://[::1]:6379": { socket: { host: "::1", port: 6379 } },
  "redis://:p%40ss@host": { password: "p@ss", socket: { host: "host" } },
  "redis://user:p%40ss@host:6379/0": {
    username: "user",
    password: "p@ss",
    database: 0,
    socket: { host: "host", port: 6379 },
  },
  "rediss://user:pass@host:6380/15": {
    ...USER,
    database: 15,
    socket: { host: "host", port: 6380, tls: true },
  },
  "unix:///run/redis.sock": { socket: { path: "/run/redis.sock" } },
  "unix://user:pass@/run/redis.sock?db=2": {
    ...USER,
    database: 2,
    socket: { path: "/run/redis.sock" },
  },
};

describe("redisTarget() takes a URL", () => {
  for (const [url, node] of Object.entries(URLS)) {
    test(url, () => {
      const single = { kind: "single", node };
      assert.deepEqual(redisTarget(url), single);
      assert.deepEqual(redisTarget({ url }), single);
      // One of a user without a host is none for the class.
      if (!URL.canParse(url)) return;
      assert.deepEqual(redisTarget(new URL(url)), single);
      assert.deepEqual(redisTarget({ url: new URL(url) }), single);
    });
  }

  test("and no other text, telling where it leads and not the password", () => {
    const shown: ReadonlyArray<readonly [url: string, got: string]> = [
      ["localhost:6379", "localhost:6379"],
      ["http://10.0.0.1:6379/0", "http://10.0.0.1:6379/0"],
      [`redis://app:${SECRET}@host:6379/database`, "redis://***@host:6379/***"],
      [`redis:/:${SECRET}@host`, "***@host"],
      [`redis:${SECRET}`, "***"],
      [SECRET, "***"],
      [`redis://:${SECRET}/x:6379`, "redis://***"],
      [`redis://app:1234/${SECRET}`, "redis://***"],
      [`redis://host:6379/${SECRET}`, "redis://***"],
      [`host:6379:${SECRET}`, "***"],
      [`redis://host/x?password=${SECRET}`, "redis://***"],
      [`redis://host/x?password=1@${SECRET}`, "redis://***"],
    ];
    for (const [url, got] of shown)
      assert.ok(refusal(url).includes(`, got "${got}";`), refusal(url));
    for (const odd of ["@", ":", "/", "?", "#", "%", "://", "?x#"]) {
      refuses(`redis://app:1${odd}${SECRET}@host/x`, /, got "redis:\/\/\*\*\*(?:@host\/\*\*\*)?"/v);
      refuses(`redis://app:${SECRET}${odd}1@host/x`, /, got "redis:\/\/\*\*\*(?:@host\/\*\*\*)?"/v);
    }
  });

  test("and no other text, without telling what it holds", () => {
    for (const url of [
      "",
      "localhost",
      "localhost:6379",
      "127.0.0.1:6379",
      `http://:${SECRET}@localhost`,
      `redis:${SECRET}`,
      `redis:/:${SECRET}@host`,
      `redis://:${SECRET}@host:port`,
      `redis://:${SECRET}@host:6379/database`,
      `redis://:${SECRET}%@host`,
      `redis://:${SECRET}/x@host`,
      "unix:",
      "unix://run/redis.sock?db=two",
      "unix://",
    ]) {
      refuses(url, /^RangeError: .*must look like redis:\/\//v);
      refuses({ url }, /^RangeError: .*must look like redis:\/\//v);
    }
    refuses(`redis://:${SECRET}@host\n`, /^RangeError: .*control character, such as a line break/v);
    const port = new URL(`http://:${SECRET}@host`);
    refuses(port, /^RangeError: .*must look like redis:\/\//v);
    refuses({ url: 6379 }, /^TypeError: .*got a value of type number/v);
  });
});

describe("redisTarget() takes the options of createClient", () => {
  test("that are plain data, and copies them", () => {
    const node = {
      username: "app",
      password: SECRET,
      database: 2,
      socket: { tls: true, ca: "certificate", keepAlive: false, host: "host" },
    };
    const target = redisTarget(node);
    assert.deepEqual(target, { kind: "single", node });
    assert.ok(target.kind === "single" && target.node.socket !== node.socket);
    const { host: _, ...socket } = node.socket;
    assert.deepEqual(redisTarget({ ...node, url: "rediss://host", socket }), target);
    assert.deepEqual(redisTarget({ socket: { port: "6380" } }), {
      kind: "single",
      node: { socket: { port: 6380 } },
    });
    assert.deepEqual(redisTarget({}), { kind: "single", node: {} });
  });

  test("and refuses what it does not know, naming what it does", () => {
    refuses({ host: "localhost" }, /^TypeError: .*no option "host", only url, username, password/v);
    refuses(
      { host: "localhost", port: 6379 },
      /as in \{ socket: \{ host, port \} \}, or give a url$/v,
    );
    refuses({ port: 6379 }, /as in \{ socket: \{ host, port \} \}, or give a url$/v);
    refuses({ db: 1 }, /it is called database$/v);
    const url = "redis://localhost";
    const sentinel = { name: "main", sentinelRootNodes: [{ host: "h", port: 1 }], stuckAfter: 1 };
    refuses({ url, lease: 5000 }, /as in new RedisBroker\(url, \{ lease: \.\.\. \}\)$/v);
    refuses(sentinel, /no option "stuckAfter".*: it belongs into the second argument, as in/v);
    refuses(
      { rootNodes: [{ url }], callTimeout: 1 },
      /it belongs into the second argument, as in/v,
    );
    refuses([`redis://:${SECRET}@host`], /^TypeError: .*must be a plain object, got an array/v);
    for (const nothing of [undefined, null, 6379, true]) {
      refuses(nothing, /^TypeError: .*expected a URL, options or a client/v);
    }
  });

  test("and refuses values of a wrong type", () => {
    refuses({ username: 1 }, /^TypeError: .*username must be a string, got 1/v);
    refuses({ username: "" }, /^RangeError: .*username must not be empty/v);
    refuses(
      { password: 5 },
      /^TypeError: .*password must be a string, or a function that gives one, got a value of type number/v,
    );
    refuses({ password: { SECRET } }, /^TypeError: .*got a value of type object/v);
    refuses({ database: "2" }, /^TypeError: .*database must be an integer/v);
    refuses({ database: -1 }, /^RangeError: .*database must be an integer of at least 0, got -1/v);
    refuses({ socket: "host" }, /^TypeError: .*socket must be a plain object/v);
    refuses({ socket: ["host"] }, /^TypeError: .*socket must be a plain object/v);
  });

  test("and refuses what is not there, or is not plain, and not the default in its place", () => {
    refuses({ url: undefined }, /^TypeError: .*url is undefined: check where it comes from/v);
    refuses({ socket: undefined }, /^TypeError: .*socket is undefined: check where it comes from/v);
    refuses({ database: undefined }, /^TypeError: .*database is undefined/v);
    refuses({ socket: undefined }, /^TypeError: .*socket is undefined/v);
    for (const name of ["host", "port", "path"]) {
      refuses({ socket: { [name]: undefined } }, /^TypeError: .*socket\.\w+ is undefined/v);
      refuses({ socket: { [name]: null } }, /^TypeError: .*socket\.\w+ must be an? \w+/v);
    }
    refuses(
      { socket: { port: 0 } },
      /^RangeError: .*socket\.port must be an integer of at least 1/v,
    );
    refuses({ socket: { port: Number.NaN } }, /^RangeError: .*socket\.port must be an integer/v);
    refuses({ socket: { hostname: "a" } }, /^TypeError: .*no option "hostname" of socket: it is/v);
    refuses({ socket: { tls: { ca: "" } } }, /^TypeError: .*socket\.tls must be true or false/v);
    refuses(
      { socket: new Map([["host", "a"]]) },
      /^TypeError: .*plain object, got an object \(Map/v,
    );
    class Config {
      readonly url = "redis://host";
    }
    for (const odd of [new Map(), new Config(), () => "redis://host", Object.create({ url: "" })]) {
      refuses(
        odd,
        /^TypeError: .*expected a URL, options or a client of @redis\/client, got an? /v,
      );
    }
  });

  test("and refuses a function that nobody asks, which the heartbeat thread cannot have", () => {
    const socket = { tls: true, lookup: () => undefined };
    refuses({ socket }, /^TypeError: .*socket must be plain data, without functions.*thread/v);
  });

  test("and refuses a checkServerIdentity that is no function", () => {
    const socket = { tls: true, checkServerIdentity: true };
    refuses({ socket }, /^TypeError: .*socket.checkServerIdentity must be a function, got true/v);
  });

  test("and refuses a url and a socket of which one wants TLS, without telling the password", () => {
    const url = `redis://:${SECRET}@host`;
    refuses({ url, socket: { tls: true } }, /^RangeError: .*socket.tls is true, but the url/v);
    refuses(
      { url: "rediss://host", socket: { tls: false } },
      /^RangeError: .*socket.tls is false/v,
    );
  });
});

describe("redisTarget() takes the options of createSentinel", () => {
  const sentinelRootNodes = [
    { host: "10.0.0.3", port: 26_379 },
    { host: "::1", port: 26_380 },
  ];

  test("and gives each sentinel its own", () => {
    const options = {
      name: "main",
      sentinelRootNodes,
      nodeClientOptions: { url: "rediss://app:p%40ss@ignored/2", socket: { ca: "certificate" } },
      sentinelClientOptions: { username: "watcher", password: SECRET, socket: { tls: true } },
    };
    assert.deepEqual(redisTarget(options), {
      kind: "sentinel",
      name: "main",
      sentinels: sentinelRootNodes.map((address) => ({
        username: "watcher",
        password: SECRET,
        socket: { tls: true, ...address },
      })),
      node: {
        username: "app",
        password: "p@ss",
        database: 2,
        socket: { ca: "certificate", host: "ignored", tls: true },
      },
    });
  });

  test("and refuses what leads to no sentinel", () => {
    refuses({ sentinelRootNodes }, /^TypeError: .*name must be a string, got undefined/v);
    refuses({ name: "", sentinelRootNodes }, /^RangeError: .*name must not be empty/v);
    refuses({ name: "main", sentinelRootNodes: [] }, /^TypeError: .*at least one node/v);
    const wrong: ReadonlyArray<readonly [unknown, RegExp]> = [
      [`redis://:${SECRET}@host`, /sentinelRootNodes\[1\]\.host must be a string/v],
      [{ host: "10.0.0.4" }, /sentinelRootNodes\[1\]\.port must be an integer/v],
      [{ host: "10.0.0.4", port: "26379" }, /sentinelRootNodes\[1\]\.port must be an integer/v],
      [{ host: "10.0.0.4", port: 0 }, /sentinelRootNodes\[1\]\.port must be an integer/v],
      [{ host: "10.0.0.4", port: 65_536 }, /sentinelRootNodes\[1\]\.port must be at most 65535/v],
    ];
    for (const [node, message] of wrong) {
      const nodes = [sentinelRootNodes[0], node];
      refuses({ name: "main", sentinelRootNodes: nodes }, message);
    }
    refuses({ name: "main", sentinelRootNodes, masterName: "main" }, /no option "masterName"/v);
    const unix = { url: "unix:///run/redis.sock" };
    refuses({ name: "main", sentinelRootNodes, nodeClientOptions: unix }, /not a unix:\/\/ url/v);
  });
});

describe("redisTarget() takes the options of createCluster", () => {
  test("and gives each root node the defaults that it does not say itself", () => {
    const target = redisTarget({
      rootNodes: [
        { url: "redis://10.0.0.1" },
        { url: "rediss://own:%2525@[fe80::1]:7001", socket: { keepAlive: true } },
        { socket: { host: "10.0.0.3", port: 7002, connectTimeout: 1 } },
      ],
      defaults: { username: "app", password: SECRET, socket: { connectTimeout: 2 } },
      nodeAddressMap: { "10.0.0.1:6379": { host: "localhost", port: 7000 } },
    });
    const app = { username: "app", password: SECRET };
    assert.deepEqual(target, {
      kind: "cluster",
      roots: [
        { ...app, socket: { connectTimeout: 2, host: "10.0.0.1" } },
        {
          username: "own",
          password: "%25",
          socket: { connectTimeout: 2, keepAlive: true, host: "fe80::1", port: 7001, tls: true },
        },
        { ...app, socket: { connectTimeout: 1, host: "10.0.0.3", port: 7002 } },
      ],
      addresses: { "10.0.0.1:6379": { host: "localhost", port: 7000 } },
    });
  });

  test("and refuses what leads to no node", () => {
    const rootNodes = [{ url: "redis://host" }];
    refuses({ rootNodes: [] }, /^TypeError: .*rootNodes must be an array of at least one node/v);
    refuses({ rootNodes: "redis://host" }, /^TypeError: .*rootNodes must be an array/v);
    refuses({ rootNodes: [`redis://:${SECRET}@host`] }, /rootNodes must be objects.*got a string/v);
    refuses({ rootNodes: [{ url: "unix:///run/redis.sock" }] }, /^RangeError: .*not a unix:/v);
    refuses({ rootNodes, defaults: `redis://:${SECRET}@host` }, /defaults must be.*got a string/v);
    refuses({ rootNodes, useReplicas: true }, /^TypeError: .*no option "useReplicas"/v);
    refuses(
      { rootNodes, nodeAddressMap: () => undefined },
      /nodeAddressMap must be a plain object/v,
    );
    refuses(
      { rootNodes, nodeAddressMap: { "a:1": { host: "b" } } },
      /nodeAddressMap\["a:1"\]\.port must be an integer/v,
    );
  });
});

describe("redisTarget() takes a client", () => {
  test("of createClient, as it was made, without the functions that the package adds", () => {
    const client = createClient({
      url: `redis://app:${SECRET}@host:6380/2`,
      socket: { reconnectStrategy: () => 1, keepAlive: false },
    });
    const target = redisTarget(client);
    assert.ok(target.kind === "single");
    const { socket, ...node } = target.node;
    assert.deepEqual(node, { username: "app", password: SECRET, database: 2 });
    assert.equal(socket?.["host"], "host");
    assert.equal(socket?.["port"], 6380);
    assert.equal(socket?.["keepAlive"], false);
    assert.equal("reconnectStrategy" in (socket ?? {}), false);
  });

  test("of createClient, whose URL does not say all", () => {
    const own = { username: "app", password: SECRET, database: 2 };
    const target = redisTarget(createClient({ url: "redis://host", ...own }));
    assert.ok(target.kind === "single");
    const { username, password, database } = target.node;
    assert.deepEqual({ username, password, database }, own);
  });

  test("of createCluster", () => {
    const target = redisTarget(
      createCluster({
        rootNodes: [{ url: "redis://10.0.0.1:7000" }],
        defaults: { password: SECRET },
        nodeAddressMap: { "10.0.0.1:7000": { host: "localhost", port: 1 } },
        useReplicas: true,
      }),
    );
    assert.deepEqual(target, {
      kind: "cluster",
      roots: [{ password: SECRET, socket: { host: "10.0.0.1", port: 7000 } }],
      addresses: { "10.0.0.1:7000": { host: "localhost", port: 1 } },
    });
  });

  test("but not one whose way to Redis is code, which a thread cannot have", () => {
    const credentialsProvider = {
      type: "async-credentials-provider",
      credentials: () => Promise.resolve({ password: SECRET }),
    } as const;
    const message =
      /^TypeError: .*credentialsProvider cannot be used.*give a username and password/v;
    refuses(createClient({ credentialsProvider }), message);
    refuses(createClient({ url: "redis://host", credentialsProvider }), message);
    refuses(
      createCluster({ rootNodes: [{ url: "redis://host" }], defaults: { credentialsProvider } }),
      message,
    );
    refuses(
      createCluster({
        rootNodes: [{ url: "redis://host" }],
        nodeAddressMap: () => ({ host: "localhost", port: 1 }),
      }),
      /nodeAddressMap must be a plain object/v,
    );
  });

  test("but not one that does not tell its options", () => {
    const message = /^TypeError: .*pass (?:those|the options) that (?:it|the pool) was made of$/v;
    refuses(createSentinel({ name: "main", sentinelRootNodes: [{ host: "a", port: 1 }] }), message);
    refuses(createClientPool({ url: "redis://host" }), message);
    const unset: object = { url: undefined };
    refuses(createClient(unset), /^TypeError: .*url is undefined/v);
  });

  test("but not a promise of one, nor one of another package or an old version", () => {
    refuses(Promise.resolve(createClient()), /^TypeError: .*got a promise: await it$/v);
    const { promise } = Promise.withResolvers<void>();
    refuses({ url: "redis://host", socket: promise }, /^TypeError: .*got a promise: await it$/v);
    class Redis {
      readonly options = { host: "elsewhere", port: 1 };
      readonly status = "ready";
      duplicate(): object {
        return new Redis();
      }
    }
    refuses(
      new Redis(),
      /^TypeError: .*got an object \(Redis\): it is a client of another package/v,
    );
  });
});

test("RedisBroker checks its options when it is made", () => {
  assert.throws(() => new RedisBroker("localhost"), RangeError);
  assert.throws(() => new RedisBroker("redis://localhost", { lease: 1 }), RangeError);
  const nothing = {
    lease: undefined,
    blockedAfter: undefined,
    stuckAfter: undefined,
    callTimeout: undefined,
    enqueueTimeout: undefined,
  };
  assert.doesNotThrow(() => new RedisBroker("redis://localhost", nothing));
});
