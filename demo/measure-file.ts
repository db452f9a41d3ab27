import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** What a job finds out about its file. */
export interface FileFacts {
  readonly path: string;
  readonly bytes: number;
  /** Newline characters, as `wc -l` counts them. */
  readonly lines: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

const NEWLINE = 0x0a;

/** Reads a file once, piece by piece. Rejects if it cannot be read, or the signal aborts. */
export async function measureFile(path: string, signal?: AbortSignal): Promise<FileFacts> {
  const hash = createHash("sha256");
  let bytes = 0;
  let lines = 0;
  const stream = createReadStream(path, { signal });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    lines += countLines(chunk);
  }
  return { path, bytes, lines, sha256: hash.digest("hex") };
}

function countLines(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}
