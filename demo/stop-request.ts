/** A wish to stop: what exit code it leads to, once a signal asked for it. */
export class StopRequest {
  readonly #onAsked: () => void;
  #exitCode: number | undefined;

  constructor(onAsked: () => void) {
    this.#onAsked = onAsked;
    // Once: a second signal ends the process the hard way.
    process.once("SIGINT", () => {
      this.#ask(130);
    });
    process.once("SIGTERM", () => {
      this.#ask(143);
    });
  }

  /** 128 and the number of the signal, as shells say; `undefined` while none came. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  #ask(exitCode: number): void {
    this.#exitCode ??= exitCode;
    this.#onAsked();
  }
}
