import { expect, test } from "bun:test";
import { createSystemTexts } from "../../src/mcp/prompts/system-texts.ts";
import { systemProject, systemPrompts } from "../../src/resources/system-prompts.ts";
import { openDatabase } from "../../src/storage/open.ts";
import { deleteResource, insertResource } from "../../src/storage/resources.ts";

async function texts() {
  const db = openDatabase("sqlite::memory:");
  const { texts, renew } = await createSystemTexts(db);
  const write = async (name: string, project: string, content: string) => {
    const row = { id: `${project}-${name}`, kind: "prompt", name, version: 1, createdAt: 1, updatedAt: 1 };
    await db.write(() => insertResource({ ...row, fields: { project, content } }));
  };
  return { db, texts, renew, write };
}

test("a change counts from the next renewal on, and a deletion brings back the default", async () => {
  const { db, texts: tell, renew, write } = await texts();
  const opened = systemPrompts["gate-opened"].content;
  expect(tell("gate-opened", { toolCount: 3 })).toBe(opened.replace("{{toolCount}}", "3"));
  await write("gate-opened", systemProject, "Open: {{toolCount}}.");
  expect(tell("gate-opened", { toolCount: 3 })).toBe(opened.replace("{{toolCount}}", "3"));
  await renew();
  expect(tell("gate-opened", { toolCount: 3 })).toBe("Open: 3.");
  await db.write(() => deleteResource(`${systemProject}-gate-opened`));
  await renew();
  expect(tell("gate-opened")).toBe(opened);
});

test("what this version does not accept gives way to the default, and a project's prompt is not mcpctl's", async () => {
  const { texts: tell, renew, write } = await texts();
  await write("gate-opened", systemProject, "Without what it must hold.");
  await write("gate-index", systemProject, "A variable of an older version: {{gone}}");
  await write("gate-preface", "demo", "You called {{tool}}.");
  await renew();
  for (const name of ["gate-opened", "gate-index", "gate-preface"] as const)
    expect(tell(name)).toBe(systemPrompts[name].content);
});
