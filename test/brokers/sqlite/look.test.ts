import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";

import { OpenFile } from "../../../src/brokers/sqlite/open-file.ts";
import { checkSqliteBrokerOptions } from "../../../src/brokers/sqlite/sqlite-broker-options.ts";
import { BrokerError } from "../../../src/core/errors.ts";
import { FakeRuntime } from "../../../src/testing/fake-runtime.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
after(() => {
  folder.remove();
});

test("a look at a file that cannot be read fails nobody: who works on it then finds out what is wrong", async () => {
  const path = folder.file("torn.db");
  const runtime = new FakeRuntime();
  const options = checkSqliteBrokerOptions({});
  const file = await OpenFile.open({ path, namespace: "test", runtime, options });
  file.hasChanged();
  assert.equal(file.hasChanged(), false);
  const other = new DatabaseSync(path);
  other.exec("CREATE TABLE mine (id INTEGER PRIMARY KEY)");
  // As a disk that does not give back what was written.
  truncateSync(`${path}-wal`, 0);
  assert.equal(file.hasChanged(), true);
  await assert.rejects(
    file.read("looking", () => true),
    BrokerError,
  );
  other.close();
  file.close();
});
