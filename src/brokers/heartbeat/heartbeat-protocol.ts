import type { PeerCertificate } from "node:tls";

import type { RescueReply } from "../broker.ts";

/** What every heartbeat thread starts with; each kind of broker adds how to reach its store. */
export interface HeartbeatThreadData {
  /** After so long without a sign of life of the process, in ms, it is told what blocks it. */
  readonly blockedAfterMs: number;
  /** After so long, in ms, its lease is let go. */
  readonly stuckAfterMs: number;
  /** Whether the process's event loop is that of its main thread. */
  readonly isMainThread: boolean;
  /** 32-bit numbers that the process counts with: see {@link COUNTS}. */
  readonly counts: SharedArrayBuffer;
}

/** What a heartbeat tells of. */
export interface HeartbeatListener {
  /** The cluster has given this broker up. */
  lost(brokerId: string): void;
  rescued(brokerId: string, reply: RescueReply): void;
  /** A beat failed; the next one comes all the same. */
  failed(error: unknown): void;
  /** A beat was heard. */
  heard(): void;
  /** Something goes wrong that an operator must know of. */
  warned(fields: object, message: string): void;
  /** The connection was made, to this server, if that is known. */
  connected(server: string | undefined): void;
  /** The connection was lost. */
  disconnected(): void;
}

/** What the process tells its heartbeat thread without a message, which a blocked loop could not send. */
export const COUNTS: Readonly<Record<"signsOfLife" | "timesTaken" | "takingCalls", number>> =
  Object.freeze({
    /** Once a second or oftener, while its event loop turns. */
    signsOfLife: 0,
    /** Whenever it may have taken jobs. */
    timesTaken: 1,
    /** Calls under way that may take jobs. */
    takingCalls: 2,
  });

/** To the thread. Each is answered by `done` or `refused`, in order. */
export type HeartbeatRequest =
  | { readonly type: "join"; readonly brokerId: string }
  | { readonly type: "leave" };

/** A server that the thread has met, and asks the process about. */
export interface SeenServer {
  readonly host: string;
  readonly certificate: PeerCertificate;
}

/** What a thread may ask its process for: what a function there gives. */
export type Question = (server?: SeenServer) => Promise<string | undefined>;

/** To the thread, which does not answer: what another connection of the process has met, or an answer to the thread. */
export type HeartbeatNotice =
  /** `undefined` as the value of an answer is what the function gave. */
  | { readonly type: "answer"; readonly id: number; readonly value: string | undefined }
  | { readonly type: "noAnswer"; readonly id: number; readonly message: string }
  /** It was lost: that of the thread may be, too. */
  | { readonly type: "probe" }
  /** It was made, to this server, if that is known. */
  | { readonly type: "meet"; readonly server: string | undefined };

/** From the thread, whose functions stay with the process. */
export interface HeartbeatQuestion {
  readonly type: "ask";
  /** Of this question; its answer has it too. */
  readonly id: number;
  /** Which function is asked. */
  readonly question: number;
  readonly server?: SeenServer | undefined;
}

/** From the thread, to a request. */
export type HeartbeatAnswer =
  | { readonly type: "done" }
  | { readonly type: "refused"; readonly message: string };

/** From the thread. */
export type HeartbeatMessage =
  /** It can be asked; said once. */
  | { readonly type: "loaded" }
  | HeartbeatAnswer
  | { readonly type: "lost"; readonly brokerId: string }
  | { readonly type: "connected"; readonly server: string | undefined }
  | { readonly type: "disconnected" }
  | HeartbeatQuestion
  | { readonly type: "news"; readonly news: HeartbeatNews };

/** What is only logged. */
export type HeartbeatNews =
  | { readonly type: "rescued"; readonly brokerId: string; readonly reply: RescueReply }
  /** The first failure of several. */
  | { readonly type: "failed"; readonly message: string }
  | { readonly type: "recovered" }
  /** Arrives when the loop turns again. */
  | ({ readonly type: "blocked" } & BlockedLoop)
  | { readonly type: "warn" | "error"; readonly fields: object; readonly message: string };

/** What the event loop was blocked by. */
export interface BlockedLoop {
  /** Names of the tasks whose jobs this process held. */
  readonly tasks: readonly string[];
  /** Where it was, as `Error.stack` without its first line; `undefined` if that could not be seen. */
  readonly stack: string | undefined;
}
