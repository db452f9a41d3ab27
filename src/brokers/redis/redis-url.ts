import { describe } from "../../core/option-checks.ts";
import type { RedisNode } from "./redis-node.ts";

const FORM =
  "the url must look like redis://user:password@host:6379/0, rediss:// for TLS, or unix:///path";

/**
 * Messages tell where the URL leads, never who goes there: the password that it may hold must not get into a log.
 * @throws TypeError or RangeError if it leads to no server
 */
export function checkUrl(given: unknown): string {
  const url = given instanceof URL ? given.href : given;
  if (typeof url !== "string") {
    throw new TypeError(`RedisBroker: ${FORM}, got a value of type ${typeof url}`);
  }
  if (/\p{Cc}/v.test(url)) {
    throw new RangeError("RedisBroker: the url holds a control character, such as a line break");
  }
  if (isUnixUrl(url) || isRedisUrl(url)) return url;
  throw new RangeError(
    `RedisBroker: ${FORM}, got ${describe(withoutSecrets(url))}; ` +
      `in a password % @ / ? # are written %25 %40 %2F %3F %23`,
  );
}

/**
 * What of a text that should be a URL can be shown: the scheme, and where it leads if that is beyond doubt.
 * Anything else may be a password, or a part of one.
 */
function withoutSecrets(url: string): string {
  const scheme = /^[a-z][\w+.\-]*:\/\//iv.exec(url)?.[0] ?? "";
  const rest = url.slice(scheme.length);
  const behindUser = /^[^#?]*@(?<host>[\w.\-]+(?::\d{1,5})?)(?<path>\/.*)?$/sv.exec(rest)?.groups;
  if (behindUser !== undefined) {
    const { host = "", path = "" } = behindUser;
    return `${scheme}***@${host}${/^(?:\/\d*)?$/v.test(path) ? path : "/***"}`;
  }
  // Without a scheme it takes a port to be an address.
  const address = scheme === "" ? /^[\w.\-]+:\d{1,5}$/v : /^[\w.\-]+(?::\d{1,5})?(?:\/\d*)?$/v;
  return scheme + (address.test(rest) ? rest : "***");
}

/** Whether a valid URL asks for TLS. */
export function isTlsUrl(url: string): boolean {
  return /^rediss:/iv.test(url);
}

function isUnixUrl(url: string): boolean {
  return /^unix:\/\/(?:[^\/@]*@)?\/[^?#]+(?:\?db=\d+)?$/v.test(url) && isDecodable(url);
}

function isRedisUrl(url: string): boolean {
  if (!/^rediss?:\/\//iv.test(url) || !URL.canParse(url)) return false;
  const { username, password, pathname, search, hash } = new URL(url);
  // Of a password that was not encoded: its user would be taken for the host.
  if (/^[^=]*@/v.test(search) || hash.includes("@")) return false;
  return /^\/?\d*$/v.test(pathname) && isDecodable(username) && isDecodable(password);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * A node with what a valid URL says, which counts more than what the node says itself.
 *
 * @param rule - whether it must have a host and a port, which may be changed
 * @throws RangeError if it is that of a unix socket, and must have them
 */
export function nodeOfUrl(
  url: string,
  node: RedisNode,
  { isAddressed = false }: { readonly isAddressed?: boolean },
): RedisNode {
  if (!url.startsWith("unix:")) return nodeOfTcpUrl(url, node);
  if (!isAddressed) return nodeOfUnixUrl(url, node);
  throw new RangeError(
    "RedisBroker: sentinels and nodes of a cluster have a host and a port, not a unix:// url",
  );
}

function nodeOfTcpUrl(url: string, node: RedisNode): RedisNode {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    ...node,
    ...credentials(username, password),
    ...(pathname.length > 1 && { database: Number(pathname.slice(1)) }),
    socket: {
      ...node.socket,
      // An IPv6 address stands in brackets only within a URL.
      host: hostname.replace(/^\[(?<address>.*)\]$/v, "$<address>"),
      ...(port !== "" && { port: Number(port) }),
      ...(isTlsUrl(url) && { tls: true }),
    },
  };
}

/** A URL cannot be parsed that has a user and no host. */
function nodeOfUnixUrl(url: string, node: RedisNode): RedisNode {
  const form =
    /^unix:\/\/(?:(?<user>[^\/@:]*)(?::(?<secret>[^\/@]*))?@)?(?<path>\/[^?#]+)(?:\?db=(?<db>\d+))?$/v;
  const { user = "", secret = "", path = "", db } = form.exec(url)?.groups ?? {};
  return {
    ...node,
    ...credentials(user, secret),
    ...(db !== undefined && { database: Number(db) }),
    socket: { ...node.socket, path: decodeURIComponent(path) },
  };
}

/** @param username - as it stands in the URL; so is the password */
function credentials(username: string, password: string): RedisNode {
  return {
    ...(username !== "" && { username: decodeURIComponent(username) }),
    ...(password !== "" && { password: decodeURIComponent(password) }),
  };
}
