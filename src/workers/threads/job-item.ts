/**
 * A job as it waits for a thread: `<id> <timeout in ms, or nothing>;<text of the job>`. The text is that of the
 * broker, byte for byte.
 */

/** What a thread gets. */
export interface JobItem {
  /** Of this run of the job, within its pool. */
  readonly id: number;
  readonly timeoutMs: number | undefined;
  readonly wire: string;
}

export function encodeJobItem({ id, timeoutMs, wire }: JobItem): string {
  return `${id} ${timeoutMs ?? ""};${wire}`;
}

export function decodeJobItem(text: string): JobItem {
  const space = text.indexOf(" ");
  const end = text.indexOf(";", space);
  const timeout = text.slice(space + 1, end);
  return {
    id: Number(text.slice(0, space)),
    timeoutMs: timeout === "" ? undefined : Number(timeout),
    wire: text.slice(end + 1),
  };
}
