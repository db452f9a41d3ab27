/** The periodic tasks without their periods, to work off what is left. A module of its own: threads load it. */
import { Tasks } from "spinach";

import { PERIODS } from "../load.ts";
import { beat } from "./tasks.ts";

export const restingBeats: Tasks = new Tasks({ module: import.meta.url });
for (const name of Object.keys(PERIODS)) restingBeats.task(name, beat);
