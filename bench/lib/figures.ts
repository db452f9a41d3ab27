/** How figures are written. */
import { median, medianRatio } from "./statistics.ts";

/** The median of the runs, with the least and the greatest. */
export function spread(values: readonly number[]): string {
  if (values.length === 0) return "";
  const [least, greatest] = [figure(Math.min(...values)), figure(Math.max(...values))];
  const middle = figure(median(values));
  return least === greatest ? middle : `${middle} (${least}–${greatest})`;
}

/** Three digits that say something, and thousands apart. */
export function figure(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en");
}

/** Empty where there is none: nothing to nothing. */
export function ratio(own: readonly number[], others: readonly number[]): string {
  const median = medianRatio(own, others);
  return Number.isNaN(median) ? "" : `${median.toPrecision(3)}x`;
}
