import { MAX_COUNT } from "../../core/constants.ts";
import { isPlainObject } from "../../core/is-plain-object.ts";
import {
  checkBoolean,
  checkInteger,
  checkName,
  checkOptions,
  describe,
} from "../../core/option-checks.ts";
import type { CheckServerIdentity, RedisCredential } from "./asked-options.ts";
import { fields } from "./client-options.ts";
import { BROKER_OPTION_HINTS } from "./redis-broker-options.ts";
import { checkUrl, isTlsUrl, nodeOfUrl } from "./redis-url.ts";

/** How to reach one Redis server: options of `createClient` of `@redis/client`, credentials also as functions. */
export interface RedisNodeOptions {
  /** `redis[s]://[[username][:password]@][host][:port][/database]` */
  readonly url?: string | URL;
  /** A function is asked before each connection. */
  readonly username?: RedisCredential;
  /** A function is asked before each connection. */
  readonly password?: RedisCredential;
  readonly database?: number;
  /** The protocol, 2 where something in between ends connections that ask for the newer one. @defaultValue 3, or 2 where that is refused */
  readonly RESP?: 2 | 3;
  /** Of `net.connect` or, with `tls: true`, of `tls.connect`; plain data but for `checkServerIdentity`. */
  readonly socket?: RedisSocketOptions;
}

/** Where a server listens, and how it is reached. */
export interface RedisSocketOptions {
  readonly checkServerIdentity?: CheckServerIdentity;
  readonly [option: string]: unknown;
}

/** The same after the check: what a URL said stands in its place, so that the address alone can be changed. */
export type RedisNode = Omit<RedisNodeOptions, "url">;

/** What a port may be. */
export const PORT = { min: 1, max: 65_535 };

const NODE_OPTIONS = ["url", "username", "password", "database", "RESP", "socket"];
const IN_SOCKET = "it belongs into socket, as in { socket: { host, port } }, or give a url";
const NODE_HINTS = Object.freeze({
  ...BROKER_OPTION_HINTS,
  host: IN_SOCKET,
  port: IN_SOCKET,
  path: IN_SOCKET,
  tls: IN_SOCKET,
  db: "it is called database",
});

/** Names by which others say where a server is: `net.connect` would not know them, and take localhost. */
const NOT_IN_SOCKET = ["hostname", "address", "server", "servers", "url", "uri"];

/**
 * Reads what says how to reach a server.
 *
 * @param name - what it is given as
 * @param rule - whether it must have a host and a port
 * @throws TypeError or RangeError if it leads to no server
 */
export function nodeOptions(
  name: string,
  value: unknown,
  rule: { readonly isAddressed?: boolean } = {},
): RedisNode {
  // It may be a URL, with a password.
  if (typeof value === "string") {
    throw new TypeError(`RedisBroker: ${name} must be objects, such as { url }, got a string`);
  }
  checkOptions(`RedisBroker: ${name}`, value, NODE_OPTIONS, NODE_HINTS);
  const given = fields(value);
  refuseUndefined("RedisBroker: ", given, ["url", "database", "socket"]);
  const { url, username, password, database, RESP, socket } = given;
  const node = {
    ...(username !== undefined && { username: checkUsername(username) }),
    ...(password !== undefined && { password: checkSecret(password) }),
    ...(database !== undefined && {
      database: checkInteger("RedisBroker: database", database, { min: 0, max: MAX_COUNT }),
    }),
    ...(RESP !== undefined && { RESP: checkProtocol(RESP) }),
    ...(socket !== undefined && { socket: checkSocket(socket) }),
  };
  if (url === undefined) return node;
  const checked = checkUrl(url);
  refuseContradiction(checked, node);
  return nodeOfUrl(checked, node, rule);
}

/** Most often it comes of a variable that is not set: who says where must not be led elsewhere. */
function refuseUndefined(
  owner: string,
  given: Readonly<Record<string, unknown>>,
  names: readonly string[],
): void {
  const missing = names.find((name) => Object.hasOwn(given, name) && given[name] === undefined);
  if (missing === undefined) return;
  throw new TypeError(
    `${owner}${missing} is undefined: check where it comes from, or leave it out for the default`,
  );
}

function refuseContradiction(url: string, { socket }: RedisNode): void {
  const tls = socket?.["tls"];
  if (tls === undefined || tls === isTlsUrl(url)) return;
  throw new RangeError(
    `RedisBroker: socket.tls is ${describe(tls)}, but the url says otherwise: it starts with rediss:// for TLS`,
  );
}

function checkProtocol(value: unknown): 2 | 3 {
  if (value === 2 || value === 3) return value;
  throw new RangeError(`RedisBroker: RESP must be 2 or 3, got ${describe(value)}`);
}

function checkUsername(value: unknown): RedisCredential {
  return isAsked(value) ? value : checkName("RedisBroker: username", value);
}

function checkSecret(value: unknown): RedisCredential {
  if (typeof value === "string" || isAsked(value)) return value;
  throw new TypeError(
    `RedisBroker: password must be a string, or a function that gives one, got a value of type ${typeof value}`,
  );
}

/** What it gives is checked whenever it is asked. */
function isAsked(value: unknown): value is () => string | Promise<string> {
  return typeof value === "function";
}

function checkSocket(value: unknown): RedisSocketOptions {
  const { checkServerIdentity, ...rest } = ownFields("socket", value);
  const socket = checkSocketData(plainData("socket", rest));
  if (checkServerIdentity === undefined) return socket;
  if (isIdentityCheck(checkServerIdentity)) return { ...socket, checkServerIdentity };
  throw new TypeError(
    `RedisBroker: socket.checkServerIdentity must be a function, got ${describe(checkServerIdentity)}`,
  );
}

function isIdentityCheck(value: unknown): value is CheckServerIdentity {
  return typeof value === "function";
}

function checkSocketData(
  socket: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  refuseUndefined("RedisBroker: socket.", socket, ["host", "port", "path"]);
  const unknown = NOT_IN_SOCKET.find((name) => Object.hasOwn(socket, name));
  if (unknown !== undefined) {
    throw new TypeError(
      `RedisBroker: there is no option "${unknown}" of socket: it is { host, port } or { path }, or give a url`,
    );
  }
  const { host, port, path, tls } = socket;
  if (host !== undefined) checkName("RedisBroker: socket.host", host);
  if (path !== undefined) checkName("RedisBroker: socket.path", path);
  // The package takes anything else for no TLS.
  if (tls !== undefined) checkBoolean("RedisBroker: socket.tls", tls);
  if (port === undefined) return socket;
  const number = typeof port === "string" && /^\d+$/v.test(port) ? Number(port) : port;
  return { ...socket, port: checkInteger("RedisBroker: socket.port", number, PORT) };
}

/**
 * A copy that a thread can have.
 * @throws TypeError if it is no plain object, or holds what cannot be copied
 */
export function plainData(name: string, value: unknown): Readonly<Record<string, unknown>> {
  const own = ownFields(name, value);
  try {
    return structuredClone(own);
  } catch (error) {
    throw new TypeError(
      `RedisBroker: ${name} must be plain data, without functions but checkServerIdentity: ` +
        "the heartbeat thread connects with it too",
      { cause: error },
    );
  }
}

function ownFields(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && isPlainObject(value)) return fields(value);
  throw new TypeError(`RedisBroker: ${name} must be a plain object, got ${describe(value)}`);
}
