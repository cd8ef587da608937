import { expect, test } from "bun:test";
import { newId } from "../../src/lib/id.ts";
import { insertExposedName, listExposedNames } from "../../src/storage/exposed-names.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { deleteResource, insertResource } from "../../src/storage/resources.ts";

test("a name stays the first one's, comes back as it was, and goes with its server or its project alone", async () => {
  const db = openDatabase("sqlite::memory:");
  const add = async (kind: string, name: string) => {
    const id = newId();
    const row = { id, kind, name, version: 1, fields: {}, createdAt: 1, updatedAt: 1 };
    await db.write(() => insertResource(row));
    return id;
  };
  const [p, q] = [await add("project", "p"), await add("project", "q")];
  const [a, b] = [await add("server", "a"), await add("server", "b")];
  const put = (project: string, shown: string, serverId: string, own: string, list: "tools" | "prompts" = "tools") =>
    db.write(() => insertExposedName(project, { list, shown, serverId, own }));
  const names = async (project: string) =>
    (await db.read(() => listExposedNames(project))).map(({ list, shown, serverId, own }) => [
      list,
      shown,
      serverId,
      own,
    ]);
  const odd = "a\0b\n'\"é😀";
  await put(p, "x", a, "one");
  await put(p, "x", b, "two");
  await put(p, "x", b, odd, "prompts");
  await put(q, "x", b, "two");
  await put(p, "y", newId(), "of nobody");
  expect(await names(p)).toEqual([
    ["prompts", "x", b, odd],
    ["tools", "x", a, "one"],
  ]);
  await db.write(() => deleteResource(a));
  expect(await names(p)).toEqual([["prompts", "x", b, odd]]);
  await db.write(() => deleteResource(p));
  expect([await names(p), await names(q)]).toEqual([[], [["tools", "x", b, "two"]]]);
  db.close();
});
