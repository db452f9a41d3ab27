/** The jobs of the pools that are compared with our threads, for those who start their threads from a file. */

/** Does nothing. */
export default function noop(index: number): number {
  return index;
}

/** Keeps its thread busy. */
export { burn } from "./burn.ts";
