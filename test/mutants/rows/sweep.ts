import type { Mutant } from "../mutant.ts";

export const MUTANTS: readonly Mutant[] = [
  {
    kind: "a refused call that only ever settles in microtasks",
    file: "src/engine/scheduler.ts",
    from: "return stored.job;\n    } catch (error) {\n      return turn.refuse(error);",
    to: "return stored.job;\n    } catch (error) {\n      throw error;",
    test: "test/engine/fairness.test.ts",
  },
];
