import type { Random } from "../../src/testing/seeded-random.ts";

/** Draws one after the other by chance, each once, then each again: so each has its turn within minutes. */
export function dealt<Piece>(pieces: readonly Piece[]): (random: Random) => Piece {
  let toCome: readonly Piece[] = [];
  return (random) => {
    if (toCome.length === 0) toCome = pieces;
    const index = Math.floor(random() * toCome.length);
    const piece = toCome[index];
    if (piece === undefined) throw new Error("there is nothing to draw from");
    toCome = toCome.filter((_, other) => other !== index);
    return piece;
  };
}
