/** A source of numbers from 0 to below 1 that a seed determines. */
export type Random = () => number;

/**
 * The same numbers for the same seed, on every machine: mulberry32, good enough to choose test cases.
 *
 * @param seed - any integer; only its low 32 bits count
 */
export function seededRandom(seed: number): Random {
  let state = Math.trunc(seed);
  return () => {
    // oxlint-disable-next-line unicorn/prefer-math-trunc -- wraps to 32 bits
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A source of UUIDs (version 4 in form) that `random` determines. */
export function seededIds(random: Random): () => string {
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
  return () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
}
