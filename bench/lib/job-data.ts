/** What a job carries: its number, and the payload if there is one. */
export type JobData = readonly [index: number, ...payload: readonly string[]];

/** Makes the data of the jobs of a run. */
export function jobData(payload: string): (index: number) => JobData {
  return payload === "" ? (index) => [index] : (index) => [index, payload];
}
