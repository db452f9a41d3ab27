import { rmSync } from "node:fs";
import { join } from "node:path";

// tsc never removes the output of a file that is gone from src/.
rmSync(join(import.meta.dirname, "../dist"), { recursive: true, force: true });
