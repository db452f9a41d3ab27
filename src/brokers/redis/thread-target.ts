/** How a thread reaches Redis as its process does: functions stay there, and the thread asks. */
import type { PeerCertificate } from "node:tls";

import type { Question, SeenServer } from "../heartbeat/heartbeat-protocol.ts";
import { askCredential, type CheckServerIdentity, identityError } from "./asked-options.ts";
import type { RedisNode } from "./redis-node.ts";
import { mapNodes, type RedisTarget } from "./redis-target.ts";

/** A node without functions, and the number of each that it has. */
export interface ThreadNode {
  readonly node: RedisNode;
  readonly username?: number;
  readonly password?: number;
  readonly checkServerIdentity?: number;
}

/** A target that a thread can have, and what it may ask for, by number. */
export interface ThreadTarget {
  readonly target: RedisTarget<ThreadNode>;
  readonly questions: readonly Question[];
}

/** What a thread has in place of functions. */
export interface Asking {
  credential(question: number): Promise<string>;
  checkServerIdentity(question: number): CheckServerIdentity;
}

/** For the thread. */
export function threadTarget(target: RedisTarget): ThreadTarget {
  const questions: Question[] = [];
  const add = (question: Question): number => questions.push(question) - 1;
  return { target: mapNodes(target, (node) => withoutFunctions(node, add)), questions };
}

function withoutFunctions(
  { username, password, socket, ...rest }: RedisNode,
  add: (question: Question) => number,
): ThreadNode {
  const { checkServerIdentity, ...plainSocket } = socket ?? {};
  const ofCredential = (name: "username" | "password", value: RedisNode["password"]) =>
    typeof value === "function" && { [name]: add(() => askCredential(name, value)) };
  return {
    ...ofCredential("username", username),
    ...ofCredential("password", password),
    ...(checkServerIdentity !== undefined && {
      checkServerIdentity: add(async (server) =>
        server === undefined
          ? "no certificate to check"
          : identityError(checkServerIdentity, server.host, withBuffers(server))?.message,
      ),
    }),
    node: {
      ...rest,
      ...(typeof username === "string" && { username }),
      ...(typeof password === "string" && { password }),
      ...(socket !== undefined && { socket: plainSocket }),
    },
  };
}

/** A copy of a certificate has arrays of bytes where Node gives buffers, whose methods a check may call. */
function withBuffers({ certificate }: SeenServer): PeerCertificate {
  const seen = new Set<object>();
  for (let one: object | undefined = certificate; one !== undefined && !seen.has(one);) {
    seen.add(one);
    for (const [name, value] of Object.entries(one)) {
      if (value instanceof Uint8Array) Reflect.set(one, name, Buffer.from(value));
    }
    const issuer: unknown = Reflect.get(one, "issuerCertificate");
    one = typeof issuer === "object" && issuer !== null ? issuer : undefined;
  }
  return certificate;
}

/** In the thread. */
export function targetInThread(target: RedisTarget<ThreadNode>, asking: Asking): RedisTarget {
  return mapNodes(target, ({ node, username, password, checkServerIdentity }) => ({
    ...node,
    ...(username !== undefined && { username: () => asking.credential(username) }),
    ...(password !== undefined && { password: () => asking.credential(password) }),
    ...(checkServerIdentity !== undefined && {
      socket: {
        ...node.socket,
        checkServerIdentity: asking.checkServerIdentity(checkServerIdentity),
      },
    }),
  }));
}
