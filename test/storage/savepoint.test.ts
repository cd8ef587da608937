import { expect, test } from "bun:test";
import { getMeta, setMeta } from "../../src/storage/meta.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { savepoint } from "../../src/storage/savepoint.ts";

test("what fails within leaves nothing, and what stands around it stays", async () => {
  const db = openDatabase("sqlite::memory:");
  await db.write(function* () {
    yield* setMeta("before", "1");
    yield* savepoint(() => setMeta("good", "1"));
    try {
      yield* savepoint(function* () {
        yield* setMeta("bad", "1");
        throw new Error("no");
      });
    } catch {
      yield* setMeta("after", "1");
    }
  });
  const kept = await db.read(function* () {
    const found: string[] = [];
    for (const key of ["before", "good", "bad", "after"]) if ((yield* getMeta(key)) !== undefined) found.push(key);
    return found;
  });
  expect(kept).toEqual(["before", "good", "after"]);
  db.close();
});
