import { spawn } from "node:child_process";

/** How a child process ended, and what it wrote. */
export interface Finished {
  readonly ok: boolean;
  readonly output: string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  /** After this many milliseconds the process is killed, and counts as failed. @defaultValue 120000 */
  readonly timeoutMs?: number;
  /** Shows the output as it comes instead of collecting it. @defaultValue false */
  readonly live?: boolean;
}

/** Runs a program with no standard input; never rejects: a failure is `ok: false`. */
export function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const { cwd, timeoutMs = 120_000, live = false } = options;
  const stdio = live ? "inherit" : "pipe";
  const child = spawn(program, args, {
    cwd,
    timeout: timeoutMs,
    killSignal: "SIGKILL",
    stdio: ["ignore", stdio, stdio],
  });
  const written = { output: "", stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
      written[name] += chunk;
      written.output += chunk;
    });
  }
  return new Promise((settle) => {
    child.once("error", (error) => settle({ ...written, ok: false, output: error.message }));
    child.once("close", (code, signal) => {
      const killed =
        signal === null ? "" : `\nkilled by ${signal}; the bound is ${timeoutMs / 1000} s\n`;
      settle({ ...written, ok: code === 0, output: written.output + killed });
    });
  });
}

/** Runs a program and throws its output, headed by `failure`, unless it exits with 0. */
export async function mustRun(
  failure: string,
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const finished = await run(program, args, options);
  if (!finished.ok) throw new Error(`${failure}\n${finished.output}`);
  return finished;
}

/** Waits for all, so that none is left running, then throws the failures if there are any. */
export async function together<Result>(all: ReadonlyArray<Promise<Result>>): Promise<Result[]> {
  const ended = await Promise.allSettled(all);
  const failures = ended.filter((each) => each.status === "rejected");
  if (failures.length === 0) return Promise.all(all);
  throw new Error(failures.map(({ reason }) => (reason as Error).message).join("\n"));
}

/** The warnings that Node itself wrote, as `(node:123) ExperimentalWarning: ...`. */
export function nodeWarnings(stderr: string): readonly string[] {
  return stderr.split("\n").filter((line) => /^\(node:\d+\)/.test(line));
}

/** Runs the main function of a script; an error is printed without its stack, and fails the process. */
export async function main(body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
