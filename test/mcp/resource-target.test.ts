import { expect, test } from "bun:test";
import { resourceTarget, templateTarget } from "../../src/mcp/catalog/resource-target.ts";
import type { View } from "../../src/mcp/catalog/view.ts";
import type { ServerRef } from "../../src/mcp/upstream/connections.ts";

const [a, b] = ["a", "b"].map((name) => ({ id: name, name }) as ServerRef) as [ServerRef, ServerRef];
const view = {
  resources: new Map([["file:///listed", { server: a, key: "file:///listed" }]]),
  templates: [
    { server: a, key: "x://y/{id}", beginning: "x://y/" },
    { server: b, key: "x://y/{id}", beginning: "x://y/" },
    { server: b, key: "{any}", beginning: "" },
  ],
  speakerOf: (uri: string) => (uri.startsWith("x://y/b") || uri === "said://b" ? b : undefined),
  resourceServers: [a, b],
} as unknown as View;

test("a URI leads to who lists it, is named in it, has the nearest template, spoke of it, or is the only one", () => {
  const led = (uri: string, of: View = view) => {
    const target = resourceTarget(of, uri);
    return target === undefined ? undefined : [target.server.name, target.key];
  };
  expect(led("file:///listed")).toEqual(["a", "file:///listed"]);
  expect(led("mcpctl://b/file%3A%2F%2F%2Flisted")).toEqual(["b", "file:///listed"]);
  expect(led("x://y/1")).toEqual(["a", "x://y/1"]);
  expect(led("x://y/b1")).toEqual(["b", "x://y/b1"]);
  expect(led("said://b")).toEqual(["b", "said://b"]);
  expect(led("said://nobody")).toBeUndefined();
  expect(led("said://nobody", { ...view, resourceServers: [b] })).toEqual(["b", "said://nobody"]);
  expect(templateTarget(view, "{any}")?.server).toBe(b);
});
