/** How numbers and names are written for people. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** For example `1.5 MiB`. */
export function humanSize(bytes: number): string {
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${UNITS[unit]}`;
}

/** For example `1,234,567`. */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** For example `1 file`, `2 files`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Controls, invisible and direction marks, line separators, lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A name on one line that leaves the terminal as it is; quoted if it was not already so. */
export function printable(name: string): string {
  if (name.search(UNPRINTABLE) < 0) return name;
  return JSON.stringify(name).replace(UNPRINTABLE, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}
