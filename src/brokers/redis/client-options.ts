/** What says how to reach a Redis, by its names in `@redis/client`; the rest is how to behave there. */
const REACH = ["url", "username", "password", "database", "socket"];

/** The fields of something that should be an object. */
export function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

/**
 * How a client of `@redis/client` reaches its Redis.
 * @throws TypeError if the client does not tell, or it is by code, which a thread cannot have
 */
export function optionsOfClient(client: object): Readonly<Record<string, unknown>> {
  // That of a cluster's client has no other name.
  const own: Readonly<Record<string, unknown>> = { ...client };
  const options = "options" in client ? client.options : own["_options"];
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
  const isKnown = ["url", "username", "password"].some((name) => options[name] !== undefined);
  if (options["credentialsProvider"] !== undefined && !isKnown) {
    throw new TypeError(
      "RedisBroker: a credentialsProvider cannot be used, because the heartbeat thread connects too: " +
        "give a username and password",
    );
  }
  const { reconnectStrategy: _, ...socket } = fields(options["socket"]);
  const reach = { ...options, socket };
  // A URL says all but how to make the socket.
  const names = options["url"] === undefined ? REACH : ["url", "socket"];
  return Object.fromEntries(
    Object.entries(reach).filter(([name, option]) => names.includes(name) && option !== undefined),
  );
}
