/** Options that are functions: what they give may change, so they are asked before each connection. */
import type { PeerCertificate } from "node:tls";

import { describe } from "../../core/option-checks.ts";
import type { RedisNode } from "./redis-node.ts";

/** A username or password: as it is, or a function that is asked before each connection, for those that change. */
export type RedisCredential = string | (() => string | Promise<string>);

/** As `checkServerIdentity` of `tls.connect`: an error refuses the server. */
export type CheckServerIdentity = (host: string, certificate: PeerCertificate) => Error | undefined;

/** A node whose credentials are known now. */
export type AnsweredNode = Omit<RedisNode, "username" | "password"> & {
  readonly username?: string;
  readonly password?: string;
};

/** Asks what a node has functions for. Rejects if one of them fails: that passes, and the next attempt asks again. */
export async function answeredNode({
  username,
  password,
  ...node
}: RedisNode): Promise<AnsweredNode> {
  const [user, secret] = await Promise.all([
    credential("username", username),
    credential("password", password),
  ]);
  return {
    ...node,
    ...(user !== undefined && { username: user }),
    ...(secret !== undefined && { password: secret }),
  };
}

async function credential(
  name: string,
  value: RedisCredential | undefined,
): Promise<string | undefined> {
  return typeof value === "function" ? askCredential(name, value) : value;
}

/** What it gives is a secret, and stays out of messages. Rejects if it fails. */
export async function askCredential(
  name: string,
  ask: () => string | Promise<string>,
): Promise<string> {
  let given: unknown;
  try {
    given = await ask();
  } catch (error) {
    // Without it as a cause, which would be logged: an error of a request may carry the secrets that it was made with.
    // oxlint-disable-next-line preserve-caught-error -- see above
    throw new Error(`the function given as ${name} failed: ${messageOf(error)}`);
  }
  if (typeof given === "string") return given;
  throw new Error(
    `the function given as ${name} must give a string, got a value of type ${typeof given}`,
  );
}

/** What is wrong with a server, by the user's own check; one that fails is a refusal. Never throws: nobody would catch it. */
export function identityError(
  check: CheckServerIdentity,
  host: string,
  certificate: PeerCertificate,
): Error | undefined {
  try {
    const given: unknown = check(host, certificate);
    if (given === undefined || given instanceof Error) return given;
    return new Error(
      `checkServerIdentity must return undefined or an Error, got ${describe(given)}`,
    );
  } catch (error) {
    return new Error(`checkServerIdentity failed: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message || error.name : String(error);
  } catch {
    return "what was thrown has no message";
  }
}
