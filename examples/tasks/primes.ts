/** Tasks for ../cpu-bound.ts, in a module of their own: each thread imports it once. */
import { currentEngine, type Task, Tasks } from "spinach";

export const tasks: Tasks = new Tasks({ module: import.meta.url });

/** Nothing but work for the CPU: its thread does nothing else meanwhile, and no other thread minds. */
export const countPrimes: Task<[from: number, to: number], number> = tasks.task(
  "countPrimes",
  { timeout: 30_000 },
  (from: number, to: number) => {
    let count = 0;
    for (let number = Math.max(from, 2); number < to; number += 1) if (isPrime(number)) count += 1;
    // Blocks this thread until the broker has the job.
    currentEngine()?.scheduleSync("report", from, to, count);
    return count;
  },
);

tasks.task("report", (from: number, to: number, count: number) => {
  console.log(`${count} primes from ${from} to ${to}`);
});

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) {
    if (number % divisor === 0) return false;
  }
  return true;
}
