const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * Calls back for each SIGINT or SIGTERM, instead of ending the process. Returns how to undo it.
 *
 * Source: spinach/utils.py handle_sigterm
 */
export function onStopSignals(callback: (signal: string) => void): () => void {
  for (const signal of SIGNALS) process.on(signal, callback);
  return () => {
    for (const signal of SIGNALS) process.off(signal, callback);
  };
}
