/** How a scenario is reported, and the budgets that docs/benchmarks.md states beside its figures. */
import type { ContenderName } from "./contenders.ts";

export interface Budget {
  /** The least ratio to each of these contenders. */
  readonly ratios?: Readonly<Partial<Record<ContenderName, number>>>;
  /** The least and the greatest value. */
  readonly least?: number;
  readonly most?: number;
  /**
   * What these contenders did on the machine where that value was set: on another one, whose speed is another, the
   * ratios to them tell whether it is reached.
   */
  readonly where?: Readonly<Partial<Record<ContenderName, number>>>;
}

export interface Measure {
  /** The id of its case, and its name among the figures of a run. */
  readonly id: readonly [caseId: string, figure: string];
  readonly title: string;
  readonly unit: string;
  /** Whose figure it is. Default: the chapter's own. */
  readonly own?: ContenderName;
  readonly budget?: Budget;
  /** Why the budget is missed and what was tried; shown only if it is. */
  readonly missed?: string;
}

export interface Chapter {
  readonly title: string;
  /** What exactly is measured. */
  readonly text: string;
  /** Whose figures are compared with those of the others. Default: "spinach". */
  readonly own?: ContenderName;
  /** To whom there are ratios, beside those that a budget names. */
  readonly rivals?: readonly ContenderName[];
  /** Who cannot do it, and why; and what else one must know. */
  readonly notes?: readonly string[];
  readonly measures: readonly Measure[];
}
