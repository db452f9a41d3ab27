import { createHash } from "node:crypto";

import { compareTimes } from "../../core/job-codec.ts";
import type { StoredJob } from "../../core/job.ts";
import { MAX_BYTES_PER_CALL } from "../broker.ts";
import type { RedisConnection } from "./connection.ts";
import { heldIds, heldJobs, setAsideBroken } from "./lua-scripts.ts";
import { heldId } from "./own-head.ts";
import type { RedisKeys } from "./redis-keys.ts";
import { array, text, textArray } from "./replies.ts";

/** Whose jobs are asked for, and how. */
export interface HeldBy {
  readonly connection: RedisConnection;
  readonly keys: RedisKeys;
  readonly brokerId: string;
}

/** A job as a broker holds it. */
export interface HeldText {
  readonly id: string;
  /** As it is held; or what comes before its arguments. */
  readonly text: string;
  readonly isHead: boolean;
}

/** What stands for bytes that are no UTF-8 in a text that was read; a text may have it by itself. */
const REPLACEMENT = "\uFFFD";

/** Most ids in one request. */
const MAX_IDS = 1000;

/** Most bytes of a reply where heads are asked for: the heartbeat asks, and its next beat waits behind. */
const MAX_HEAD_BYTES = 64 * 1024;

/** Ids of the jobs that a broker holds. */
export async function idsHeldBy({
  connection,
  keys,
  brokerId,
}: HeldBy): Promise<readonly string[]> {
  const call = heldIds({ ...keys.fixed, running: keys.running(brokerId) });
  return textArray(await connection.run(call));
}

/**
 * Some of these jobs, from the first on: as many as Redis reads at a time.
 * @param onlyHeads - whether what comes before the arguments is enough, where they are long
 */
async function textsHeldBy(
  { connection, keys, brokerId }: HeldBy,
  ids: readonly string[],
  onlyHeads: boolean,
): Promise<readonly HeldText[]> {
  const asked = ids.slice(0, MAX_IDS);
  const running = keys.running(brokerId);
  const maxBytes = onlyHeads ? MAX_HEAD_BYTES : MAX_BYTES_PER_CALL;
  const args = { maxBytes, onlyHeads, ids: asked };
  const call = heldJobs({ ...keys.fixed, running }, args);
  const reply = array(await connection.run(call, { expectedBytes: maxBytes, jobIds: () => asked }));
  const texts: HeldText[] = [];
  for (let index = 0; index < reply.length; index += 2) {
    const id = asked[index / 2] ?? "";
    texts.push({ id, text: text(reply[index]), isHead: reply[index + 1] === 1 });
  }
  return texts;
}

/** All of these jobs, page by page; without those that are not held any more. */
export async function* pagesHeldBy(
  held: HeldBy,
  ids: readonly string[],
  onlyHeads: boolean,
): AsyncGenerator<readonly HeldText[], void, undefined> {
  for (let read = 0; read < ids.length;) {
    const page = await textsHeldBy(held, ids.slice(read), onlyHeads);
    read += page.length;
    yield await intactOf(held, page, onlyHeads);
  }
}

/** Of texts that a broker was just given, those that are UTF-8; the others are set aside. */
export async function intactTexts(
  held: HeldBy,
  wires: readonly string[],
): Promise<readonly string[]> {
  if (!wires.some(isDoubtful)) return wires;
  // One without an id that can be read is looked for among those whose id cannot be.
  const suspects = wires.filter(isDoubtful).map((wire) => ({ id: heldId(wire) ?? "", text: wire }));
  const broken = await setBrokenAside(held, suspects, false);
  return wires.filter((wire) => !isDoubtful(wire) || !broken.has(heldId(wire) ?? ""));
}

/** The same of a page, without those that are not held any more. */
async function intactOf(
  held: HeldBy,
  page: readonly HeldText[],
  onlyHeads: boolean,
): Promise<readonly HeldText[]> {
  // An id that was not read as it is finds no job.
  const suspects = page.filter(({ id, text: read }) => isDoubtful(read) || isDoubtful(id));
  const broken = await setBrokenAside(held, suspects, onlyHeads);
  return page.filter(({ id, text: read }) => read !== "" && !broken.has(id));
}

function isDoubtful(read: string): boolean {
  return read.includes(REPLACEMENT);
}

/** Resolves to the ids of those that are set aside, as they are read. */
async function setBrokenAside(
  { connection, keys, brokerId }: HeldBy,
  suspects: ReadonlyArray<Pick<HeldText, "id" | "text">>,
  onlyHeads: boolean,
): Promise<ReadonlySet<string>> {
  const running = keys.running(brokerId);
  const broken = new Set<string>();
  for (let looked = 0; looked < suspects.length;) {
    const asked = suspects
      .slice(looked, looked + MAX_IDS)
      .flatMap((each) => [each.id, sha1(each.text)]);
    const args = {
      channel: keys.channel,
      maxBytes: MAX_BYTES_PER_CALL,
      onlyHeads,
      suspects: asked,
    };
    const [lookedAt, ...ids] = array(
      await connection.run(setAsideBroken({ ...keys.fixed, running }, args)),
    );
    looked += Number(lookedAt);
    for (const id of textArray(ids)) broken.add(id);
  }
  return broken;
}

function sha1(read: string): string {
  return createHash("sha1").update(read).digest("hex");
}

/** Held jobs in the order in which they would have started: a hash has none. */
export function inOrder(jobs: readonly StoredJob[]): readonly StoredJob[] {
  return jobs.toSorted(compareTimes);
}
