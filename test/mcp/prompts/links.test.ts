import { expect, test } from "bun:test";
import type { Outcome } from "../../../src/mcp/answers.ts";
import { errorOutcome } from "../../../src/mcp/answers.ts";
import { trailOf } from "../../../src/mcp/prompts/trail.ts";
import { answering, settled, shelfWorld } from "./shelf-world.ts";

/** Two projects with a server each, and in `demo` a prompt that says what `shared` has. */
async function linkedWorld() {
  const w = await shelfWorld();
  const notes = await w.put("server", "notes", { transport: "http", url: "http://127.0.0.1:9/mcp" });
  const shared = await w.put("project", "shared", { servers: ["notes"] });
  await w.put("project", "demo", { servers: [] });
  const id = await w.putLinked("style", "demo", "shared/notes:note://style");
  return { ...w, ids: { notes, shared, prompt: id }, linkOf: () => w.shelf.of("demo")[0]?.link };
}
const reasonOf = (read: Promise<string>) =>
  read.then(
    () => "",
    (error: Error) => error.message,
  );

test("a link is looked at when it was written, and says what its server says until it is old", async () => {
  using w = await linkedWorld();
  expect(w.linkOf()).toBeUndefined();
  await w.changed("prompt", "project", "server");
  await settled(() => w.linkOf()?.state === "alive");
  expect(w.seen).toEqual([{ server: "notes", uri: "note://style" }]);
  expect(w.shelf.of("demo")[0]).toMatchObject({ bytes: 23, head: "notes says note://style" });
  expect(w.shelf.statusOf(w.ids.prompt)).toMatchObject({ link: "alive", bytes: 23 });
  for (let i = 0; i < 3; i++) expect(await w.shelf.read("demo", "style")).toBe("notes says note://style");
  expect(w.seen).toHaveLength(1);

  // Old: given out once more while it is read anew.
  w.serving.request = async () => answering("another");
  w.advance(5 * 60_000);
  expect(await w.shelf.read("demo", "style")).toBe("notes says note://style");
  await settled(() => w.seen.length === 2);
  await settled(() => w.shelf.of("demo")[0]?.bytes === 7);
  expect(await w.shelf.read("demo", "style")).toBe("another");
});

test("a server that goes makes it dead with the reason, for half a minute without asking again", async () => {
  using w = await linkedWorld();
  await w.changed("prompt", "project");
  await settled(() => w.linkOf()?.state === "alive");
  w.serving.request = async () => errorOutcome(-32002, "no such note");
  w.advance(5 * 60_000);
  await w.shelf.read("demo", "style");
  await settled(() => w.linkOf()?.state === "dead");
  expect(w.linkOf()?.reason).toBe("its server answers: no such note");
  expect(w.shelf.of("demo")[0]?.bytes).toBeUndefined();
  expect(await reasonOf(w.shelf.read("demo", "style"))).toContain("its server answers: no such note");
  expect(w.seen).toHaveLength(2);
  expect(w.lines.filter((line) => line.includes("the link of a prompt is dead"))).toHaveLength(1);

  w.serving.request = async () => answering("back");
  w.advance(30_000);
  expect(await w.shelf.read("demo", "style")).toBe("back");
  expect(w.linkOf()?.state).toBe("alive");
});

test("each reading asks for the right of who wrote it, whatever is remembered", async () => {
  using w = await linkedWorld();
  await w.changed("prompt", "project");
  expect(await w.shelf.read("demo", "style")).toContain("notes says");
  w.rights.allowed = false;
  expect(await reasonOf(w.shelf.read("demo", "style"))).toContain("may not read server");
  expect(w.linkOf()?.state).toBe("dead");
  w.rights.allowed = true;
  const before = w.seen.length;
  await w.changed("rbac");
  await settled(() => w.linkOf()?.state === "alive");
  expect(w.seen.length).toBe(before + 1);
  w.rights.allowed = false;
  await w.changed("rbac");
  expect(w.linkOf()?.reason).toContain("may not read");
});

test("a right that ends while it is read is not read with", async () => {
  using w = await linkedWorld();
  const asked = Promise.withResolvers<Outcome>();
  w.serving.request = () => asked.promise;
  await w.changed("prompt", "project");
  const read = reasonOf(w.shelf.read("demo", "style"));
  await settled(() => w.seen.length === 1);
  w.rights.allowed = false;
  asked.resolve(answering("secret"));
  expect(await read).toContain("may not read");
});

test("a project that loses the server, or is another one of the same name, takes the link with it", async () => {
  using w = await linkedWorld();
  await w.changed("prompt", "project");
  await settled(() => w.linkOf()?.state === "alive");
  await w.change("project", w.ids.shared, { servers: [] });
  await w.changed("project");
  expect(w.linkOf()?.reason).toBe('project "shared" does not have server "notes" any more');
  await w.change("project", w.ids.shared, { servers: ["notes"] });
  await w.changed("project");
  await settled(() => w.linkOf()?.state === "alive");
  await w.remove(w.ids.shared);
  await w.put("project", "shared", { servers: ["notes"] });
  expect(await reasonOf(w.shelf.read("demo", "style"))).toContain('project "shared" is gone');
});

test("what is no text, too long, or an answer of another sort is dead with that reason", async () => {
  using w = await linkedWorld();
  await w.changed("prompt", "project");
  await settled(() => w.linkOf()?.state === "alive");
  const odd: [Outcome, string][] = [
    [{ result: '{"contents":[{"uri":"x","blob":"AAAA"}]}' }, "there is no text in it"],
    [{ result: '{"contents":"no list"}' }, "there is no text in it"],
    [answering("ä".repeat(200 * 1024)), "it is longer than 256 KiB"],
    [{ result: "{}", type: "input_required" }, "asks for something"],
    [{ error: "{}" }, "an error without a word"],
  ];
  for (const [outcome, reason] of odd) {
    w.serving.request = async () => outcome;
    w.advance(5 * 60_000);
    await reasonOf(w.shelf.read("demo", "style"));
    await settled(() => w.linkOf()?.reason?.includes(reason) === true);
  }
});

test("many readers are one reading; one that hangs holds up nobody for long, and its end is told", async () => {
  using w = await linkedWorld();
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  w.serving.request = () => promise;
  await w.changed("prompt", "project");
  const reads = Array.from({ length: 20 }, () => reasonOf(w.shelf.read("demo", "style", { patienceMs: 20 })));
  for (const reason of await Promise.all(reads)) expect(reason).toBe("its server has not answered yet");
  expect(w.seen).toHaveLength(1);
  expect(w.linkOf()?.state).toBe("unknown");
  resolve(answering("late"));
  await settled(() => w.linkOf()?.state === "alive");
  expect(await w.shelf.read("demo", "style")).toBe("late");
});

test("a link that leads back to itself, directly or by others, ends and says so", async () => {
  using w = await linkedWorld();
  await w.put("server", "self", { transport: "http", url: "http://127.0.0.1:9/mcp" });
  await w.put("project", "loop", { servers: ["self"] });
  await w.putLinked("round", "loop", "loop/self:mcpctl://prompts/loop/round");
  await w.putLinked("there", "loop", "loop/self:mcpctl://prompts/loop/back");
  await w.putLinked("back", "loop", "loop/self:mcpctl://prompts/loop/there");
  for (let i = 1; i < 7; i++) await w.putLinked(`chain-${i}`, "loop", `loop/self:mcpctl://prompts/loop/chain-${i + 1}`);
  await w.put("prompt", "chain-7", { project: "loop", priority: 5, content: "the end" });
  // The server is this very gateway: what is asked of it comes in again.
  w.serving.request = async (_, params) => {
    try {
      return { result: await w.served.readOwnResource("loop", params.uri, trailOf(params)) };
    } catch (error) {
      return errorOutcome(-32603, (error as Error).message);
    }
  };
  await w.changed("prompt", "project");
  const states = () => w.shelf.of("loop").map(({ name, link }) => [name, link?.state, link?.reason]);
  const reasons = await Promise.all(
    ["round", "there", "back", "chain-1"].map((name) => reasonOf(w.shelf.read("loop", name))),
  );
  for (const reason of reasons.slice(0, 3)) expect(reason).toContain("it leads back to itself");
  expect(reasons[3]).toContain("more than 4 links lead to one another");
  expect(await w.shelf.read("loop", "chain-4")).toBe("the end");
  await settled(() => states().every(([, state]) => state !== "unknown"));
  // Whoever only claims to come from it changes nothing for others.
  const id = w.shelf.of("loop").find(({ name }) => name === "chain-6")?.id ?? "";
  expect(await reasonOf(w.shelf.read("loop", "chain-6", { trail: [id] }))).toContain("leads back");
  expect(await w.shelf.read("loop", "chain-6")).toBe("the end");
});
