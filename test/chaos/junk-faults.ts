import { dealt } from "./dealt.ts";
import { type Fault, pause, SERVER } from "./fault.ts";

/** So much at a time. */
const PIECES = 4;

/** What is planted, and how. */
export interface JunkFaultParts<Piece> {
  readonly pieces: readonly Piece[];
  readonly plant: (piece: Piece) => Promise<void>;
  /** The name of a piece, for the log. */
  readonly nameOf: (piece: Piece) => string;
  readonly log: (line: string) => void;
}

/** Leaves one piece of junk after the other, in an order by chance: each once, then each again. */
export function junkFault<Piece>({ pieces, plant, nameOf, log }: JunkFaultParts<Piece>): Fault {
  const draw = dealt(pieces);
  return {
    name: "junk",
    targets: [SERVER],
    isBorne: true,
    strike: async (_, random) => {
      for (let count = 0; count < PIECES; count += 1) {
        const next = draw(random);
        log(`  junk in ${nameOf(next)}`);
        await plant(next);
        await pause(random, 0, 300);
      }
      return true;
    },
  };
}
