import { readFileSync } from "node:fs";

/** Where Linux shows what a process has mapped into its memory; elsewhere there is no such file. */
const MAPS = "/proc/self/maps";

/**
 * Whether this process has the first part of a file in its memory twice. One SQLite library maps the shared memory of
 * a database once, however many connections it has. It takes about 0.1 ms.
 */
export function mapsTwice(file: string): boolean {
  let maps: string;
  try {
    maps = readFileSync(MAPS, "utf8");
  } catch {
    return false;
  }
  const first = maps.split("\n").filter((line) => line.endsWith(` ${file}`) && isFirst(line));
  return first.length > 1;
}

/** `address perms offset dev inode path`: man 5 proc_pid_maps. */
function isFirst(line: string): boolean {
  return /^\S+ \S+ 0+ /v.test(line);
}
