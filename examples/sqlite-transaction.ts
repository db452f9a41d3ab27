/** A shop keeps its orders and its jobs in one SQLite file: an order and its invoice exist together, or not at all. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { AsyncWorkers, Engine } from "spinach";
import { SqliteBroker } from "spinach/sqlite";

const folder = mkdtempSync(join(tmpdir(), "shop-"));
const path = join(folder, "shop.db");
const db = new DatabaseSync(path, { timeout: 5000 });
db.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT, invoiced INTEGER DEFAULT 0)");

const spin = new Engine(new SqliteBroker(path));

const sendInvoice = spin.task("sendInvoice", { maxRetries: 5 }, (id: number) => {
  db.prepare("UPDATE orders SET invoiced = invoiced + 1 WHERE id = ?").run(id);
});

/** @throws if the item is sold out: then there is neither an order nor an invoice */
function order(item: string): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    const { lastInsertRowid } = db.prepare("INSERT INTO orders (item) VALUES (?)").run(item);
    spin.inTransaction(db).schedule(sendInvoice, Number(lastInsertRowid)); // a text is a type error
    if (item === "unicorn") throw new Error("sold out");
    db.exec("COMMIT"); // from here on workers, in any process on the file, may start it
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

order("tea");
assert.throws(() => order("unicorn"), /sold out/);
order("coffee");

await spin.run({ workers: new AsyncWorkers(), stopWhenQueueEmpty: true });

const orders = db.prepare("SELECT item, invoiced FROM orders").all();
assert.deepEqual(
  orders.map(({ item, invoiced }) => [item, invoiced]),
  [
    ["tea", 1],
    ["coffee", 1],
  ],
);
console.log(`${orders.length} orders, each with one invoice`);
db.close();
rmSync(folder, { recursive: true });
