import { expect, test } from "bun:test";
import { createUriOwners } from "../../src/mcp/catalog/uri-owners.ts";
import { outlineOf } from "../../src/mcp/outline.ts";

const link = (uri: string) => ({ type: "resource_link", uri, name: "x" });
const embedded = (uri: string) => ({ type: "resource", resource: { uri, text: '{"uri":"trap://x"}' } });
const content = (...blocks: object[]) => JSON.stringify({ content: blocks });

test("links and embedded resources of tools and prompts lead to their server, and nothing else of a result does", () => {
  const owners = createUriOwners();
  owners.learn(
    "p",
    "a",
    content({ type: "text", text: '"resource" {"uri":"no://1"}' }, link("l://1"), embedded("e://1")),
  );
  owners.learn("p", "a", JSON.stringify({ messages: [{ role: "user", content: embedded("e://2") }] }));
  owners.learn(
    "p",
    "a",
    JSON.stringify({ structuredContent: link("no://2"), content: [{ type: "odd", resource: 1, uri: "no://3" }] }),
  );
  const known = (uri: string) => owners.ownerOf("p", uri);
  expect(["l://1", "e://1", "e://2"].map(known)).toEqual(["a", "a", "a"]);
  expect(["no://1", "no://2", "no://3", "trap://x"].map(known)).toEqual([undefined, undefined, undefined, undefined]);
  expect(owners.ownerOf("other", "l://1")).toBeUndefined();
});

test("the first server that spoke of a URI keeps it, until it is no more", () => {
  const owners = createUriOwners();
  owners.learn("p", "a", content(link("u://1")));
  owners.learn("p", "b", content(link("u://1")));
  expect(owners.ownerOf("p", "u://1")).toBe("a");
  owners.prune(new Set(["b"]));
  expect(owners.ownerOf("p", "u://1")).toBeUndefined();
  owners.learn("p", "b", content(link("u://1")));
  expect(owners.ownerOf("p", "u://1")).toBe("b");
});

test("it forgets what was not spoken of for longest, and odd results teach nothing", () => {
  const owners = createUriOwners();
  owners.learn("p", "a", content(link("u://first"), link("u://kept")));
  for (let n = 0; n < 999; n++) {
    owners.learn("p", "a", content(link(`u://${n}`)));
    if (n === 500) owners.learn("p", "a", content(link("u://kept")));
  }
  expect(["u://first", "u://kept", "u://998"].map((uri) => owners.ownerOf("p", uri))).toEqual([undefined, "a", "a"]);
  for (const odd of ['"resource"', '["resource"]', '{"content":"resource_link"}', '{"content":[1,["resource_link"]]}'])
    owners.learn("p", "a", odd);
  owners.learn("p", "a", content(link(`u://${"x".repeat(3000)}`)));
  expect(owners.ownerOf("p", `u://${"x".repeat(3000)}`)).toBeUndefined();
});

test("the same is learned from a message without its long strings, and an empty one is no URI", () => {
  const owners = createUriOwners();
  const long = `u://${"x".repeat(5_000)}`;
  const picture = { type: "resource", resource: { uri: "e://1", blob: "A".repeat(100_000) } };
  const result = content({ type: "text", text: '"resource\\" '.repeat(1_000) }, picture, link(long), link("l://1"));
  const outline = outlineOf(`{"id":1,"result":${result}}`, { depth: 64, elements: 1_000 }, 1_000, "result");
  if (typeof outline === "string") throw new Error(outline);
  expect(outline.bones.length).toBeLessThan(1_000);
  owners.learn("p", "a", result, outline.bones);
  expect(["e://1", "l://1", long, ""].map((uri) => owners.ownerOf("p", uri))).toEqual(["a", "a", undefined, undefined]);
});
