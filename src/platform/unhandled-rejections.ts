import process from "node:process";

/** Calls back with each rejection that nobody handled, instead of ending the process. Returns how to stop. */
export function onUnhandledRejection(listener: (reason: unknown) => void): () => void {
  process.on("unhandledRejection", listener);
  return () => {
    process.off("unhandledRejection", listener);
  };
}
