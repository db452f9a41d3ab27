/** What says how to reach a Redis, by its names in `@redis/client`; the rest is how to behave there. */
const REACH = new Set(["url", "username", "password", "database", "RESP", "socket"]);

/** The fields of something that should be an object. */
export function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/** Whether it is a client of `@redis/client`; those of other packages say otherwise how they reach their Redis. */
export function isClient(value: object): boolean {
  return "isOpen" in value && typeof value.isOpen === "boolean" && "duplicate" in value;
}

/** What to pass in place of something that is no client of ours, for a message; empty if it is not like one. */
export function whyNoClient(value: unknown): string {
  if (typeof value !== "object" || value === null) return "";
  if ("totalClients" in value) return ": pass the options that the pool was made of";
  if (!["duplicate", "sendCommand", "send_command"].some((name) => name in value)) return "";
  return ": it is a client of another package, or of an old version: pass a URL, as redis://host:6379";
}

/**
 * How a client of `@redis/client` reaches its Redis.
 * @throws TypeError if the client does not tell, or it is by code, which a thread cannot have
 */
export function optionsOfClient(client: object): Readonly<Record<string, unknown>> {
  // That of a cluster's client has no other name. Clients inherit what they are made of.
  const options: unknown = "options" in client ? client.options : Reflect.get(client, "_options");
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      "RedisBroker: the options of this client cannot be read: pass those that it was made of",
    );
  }
  const { rootNodes, defaults, nodeAddressMap } = fields(options);
  if (!Array.isArray(rootNodes)) return reachOf(options);
  return {
    rootNodes: rootNodes.map((node) => reachOf(node)),
    defaults: reachOf(defaults),
    nodeAddressMap: nodeAddressMap ?? {},
  };
}

function reachOf(value: unknown): Readonly<Record<string, unknown>> {
  const options = fields(value);
  // A client makes a provider of what it was given, too.
  const isKnown = ["username", "password"].some((name) => options[name] !== undefined);
  if (options["credentialsProvider"] !== undefined && !isKnown) {
    throw new TypeError(
      "RedisBroker: a credentialsProvider cannot be used, because the heartbeat thread connects too: " +
        "give a username and password, which may be functions",
    );
  }
  const { reconnectStrategy: _, ...socket } = fields(options["socket"]);
  const reach = { ...options, socket };
  return Object.fromEntries(
    Object.entries(reach).filter(
      // A URL that is not there is not what was meant.
      ([name, option]) => REACH.has(name) && (option !== undefined || name === "url"),
    ),
  );
}
