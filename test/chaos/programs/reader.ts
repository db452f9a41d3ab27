/** Holds a snapshot of the file open until it is killed: nothing can be taken out of the write-ahead log meanwhile. */
import { DatabaseSync } from "node:sqlite";

import { childRequest } from "./child.ts";

const file = new DatabaseSync(childRequest().address.at, { readOnly: true, timeout: 5000 });
file.exec("BEGIN; SELECT count(*) FROM spinach_jobs");
console.log("ready");
setInterval(() => undefined, 1000);
