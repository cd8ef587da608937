import { afterAll, beforeAll, expect, test } from "bun:test";
import { type World, world } from "../world.ts";

/** What a project names: its proxy model, that of a server in it, and its language model. */
let w: World;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "server", name: "files", command: ["/nowhere"], replicas: 0 },
      { kind: "proxymodel", name: "slim", stages: [{ type: "passthrough" }] },
      { kind: "proxymodel", name: "other", stages: [{ type: "passthrough" }] },
      { kind: "llm", name: "local", type: "openai-compatible", url: "http://127.0.0.1:9", model: "m" },
      { kind: "project", name: "plain", servers: [] },
    ],
  });
});
afterAll(() => w.close());

const demo = { name: "demo", servers: [{ server: "files", proxyModel: "other" }], proxyModel: "slim", llm: "local" };

test("what is not there is refused by its field", async () => {
  const wrong = { name: "demo", servers: [{ server: "files", proxyModel: "none" }], proxyModel: "gone", llm: "nobody" };
  const { status, json } = await w.api("POST", "/api/v1/projects", wrong);
  expect([status, json.fields]).toEqual([
    422,
    [
      { path: "/llm", message: "there is no llm of this name" },
      { path: "/proxyModel", message: "there is no proxymodel of this name" },
      { path: "/servers/0/proxyModel", message: "there is no proxymodel of this name" },
    ],
  ]);
  const { code, err } = await w.cli(["create", "project", "demo", "--proxy-model", "gone"]);
  expect([code, err]).toEqual([2, expect.stringContaining("--proxy-model: there is no proxymodel of this name")]);
});

test("a proxy model whose parents go round in a circle is written, and whoever writes it is told", async () => {
  const written = await w.must("POST", "/api/v1/proxymodels", { name: "round", extends: ["about"] });
  expect(written.status.warnings).toEqual(['it extends "about", which there is not']);
  const { status } = await w.must("POST", "/api/v1/proxymodels", { name: "about", extends: ["round"] });
  expect(status.warnings).toEqual([expect.stringMatching(/go round in a circle: .*about.*round/)]);
  const { code, err } = await w.cli(["apply", "-f", "-"], {
    stdin: "kind: proxymodel\nname: about\nextends: [round]\ndescription: again\n",
  });
  expect([code, err]).toEqual([0, expect.stringMatching(/warning: proxymodel\/about, .*circle/)]);
});

test("what a project names is not deleted before the project lets go of it", async () => {
  await w.must("POST", "/api/v1/projects", demo);
  const named = ["proxymodels/slim", "proxymodels/other", "llms/local"];
  for (const one of named) {
    const { status, json } = await w.api("DELETE", `/api/v1/${one}`);
    expect([one, status, json.detail]).toEqual([one, 409, expect.stringContaining("is in use by project demo")]);
  }
  const { out } = await w.cli(["get", "projects"]);
  expect(out).toMatch(/^NAME +READY +PLUGIN +SERVERS +ENDPOINT/);
  expect(out).toMatch(/^demo +0\/1 +slim +files/m);
  expect(out).toMatch(/^plain +- +\/projects/m);
  await w.must("PUT", "/api/v1/projects/demo", { name: "demo", servers: ["files"], gated: true });
  expect((await w.must("GET", "/api/v1/projects/demo")).proxyModel).toBe("default");
  for (const one of named) expect([one, (await w.api("DELETE", `/api/v1/${one}`)).status]).toEqual([one, 200]);
});
