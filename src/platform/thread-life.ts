/** What a worker thread may ask of its Node. */

/** Ends this thread now, not the process. Its timers, sockets and promises do not keep it. */
export function exitThread(): void {
  process.exit(0);
}

/**
 * Whether something in this thread needs its event loop: a timer, a socket, output on its way. What is unref'd
 * does not count. It takes less than a microsecond.
 */
export function hasLiveResources(): boolean {
  return process.getActiveResourcesInfo().length > 0;
}
