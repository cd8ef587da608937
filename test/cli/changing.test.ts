import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Env } from "../../src/cli/environment.ts";
import { processEnvironment } from "../../src/cli/environment.ts";
import { fixture, type World, world } from "../world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/servers", { name: "local", command: fixture() });
  await w.must("POST", "/api/v1/servers", { name: "idle", command: ["true"], replicas: 0 });
});
afterAll(() => w.close());

type Input = Parameters<World["cli"]>[1];
const cli = (line: string, input?: Input) => w.cli(line.split(" "), input);
const ok = async (line: string, input?: Input) => {
  const { code, out, err } = await cli(line, input);
  expect([line, code, err]).toEqual([line, 0, ""]);
  return out;
};
const get = async (path: string) => (await w.api("GET", `/api/v1/${path}`)).json;
const mixed = [
  "kind: project\nname: good\nservers: [idle]",
  "kind: project\nname: bad\nservers: [missing]",
  "kind: project\nname: worse\ndescriptoin: x",
  "broken: [",
  "kind: prompt\nname: of-bad\nproject: bad\ncontent: x",
].join("\n---\n");

describe("apply", () => {
  test("each document stands on its own, and each failure names its place", async () => {
    const { code, out, err } = await cli("apply -f -", { stdin: mixed });
    expect([code, out]).toEqual([2, "project/good created"]);
    expect(err).toContain('standard input, document 3: this project "worse" is not valid\n  /descriptoin: there is no');
    expect(err).toContain("standard input, document 4: this is not valid YAML");
    expect(err).toContain('standard input, document 2, project/bad: this project "bad" refers to what does not exist');
    expect(err).toContain("standard input, document 5, prompt/of-bad: ");
    expect(err).toContain("1 of 5 documents were applied, 4 failed.");
    const machine = await cli("apply -f - -o json", { stdin: mixed });
    expect(JSON.parse(machine.out).results).toContainEqual(
      expect.objectContaining({
        name: "bad",
        source: "standard input, document 2",
        error: expect.objectContaining({ code: "invalid" }),
      }),
    );
    await w.must("DELETE", "/api/v1/projects/good");
  });

  test("--atomic is all or nothing, here and there", async () => {
    const { code, out, err } = await cli("apply -f - --atomic", { stdin: mixed });
    expect([code, out]).toEqual([2, ""]);
    expect(err).toEndWith("Nothing was applied: --atomic is all or nothing.");
    const refused = await cli("apply -f - --atomic", { stdin: mixed.split("\n---\n").slice(0, 2).join("\n---\n") });
    expect([refused.code, refused.out]).toEqual([2, ""]);
    expect((await get("projects")).items).toEqual([]);
  });

  test("a refusal in one document leaves no trace of it, and the audit log says who was refused", async () => {
    const token = await w.userWith("maker", [{ role: "create", resource: "projects" }]);
    const documents = [
      { kind: "project", name: "mine" },
      { kind: "server", name: "not-mine", command: ["true"] },
    ];
    const { json, status } = await w.api("POST", "/api/v1/apply", { documents, atomic: false }, token);
    expect(status).toBe(200);
    expect(json.results).toEqual([
      expect.objectContaining({ document: 2, name: "not-mine", error: expect.objectContaining({ code: "forbidden" }) }),
      expect.objectContaining({ document: 1, name: "mine", action: "created" }),
    ]);
    expect((await w.api("GET", "/api/v1/servers/not-mine")).status).toBe(404);
    const noted = async () => (await get("audit/events?outcome=refused")).items as { action: string }[];
    await w.until("it is noted", async () => (await noted()).some(({ action }) => /resource:servers/.test(action)));
  });

  test("a dry run at the client asks nobody, and prints what would be sent", async () => {
    const nobody = { variables: { MCPCTL_URL: "http://127.0.0.1:9" } };
    const stdin = "kind: srv\nname: x\ncommand: [a]\n";
    expect(await ok("apply -f - --dry-run=client", { stdin, ...nobody })).toBe(
      "server/x would be sent (client dry run)",
    );
    expect(await ok("apply -f - --dry-run=client -o yaml", { stdin, ...nobody })).toBe(
      "kind: server\nname: x\ncommand:\n  - a\ntransport: stdio\nreplicas: 1",
    );
    expect((await cli("apply -f - --dry-run=never", { stdin })).err).toContain("--dry-run takes client or server");
  });

  test("what nobody can mean is refused: twice the same, the network, what is no text", async () => {
    const twice = await cli("apply -f -", { stdin: "kind: project\nname: a\n---\nkind: projects\nname: a\n" });
    expect([twice.code, twice.out]).toEqual([2, ""]);
    expect(twice.err).toContain(
      'project "a" is there twice, in standard input, document 1 and standard input, document 2',
    );
    expect((await cli("apply -f https://example.com/x.yaml")).err).toContain("not from the network");
    const { readFile } = processEnvironment();
    const odd = join(w.home, "odd.yaml");
    writeFileSync(odd, Buffer.from([0x6b, 0xff, 0xfe]));
    await expect(readFile(odd)).rejects.toThrow("is not UTF-8");
    writeFileSync(odd, Buffer.alloc(33 * 1024 * 1024, 0x20));
    await expect(readFile(odd)).rejects.toThrow("is over 32 MiB");
  });

  test("--prune deletes what has the labels and is not in the files, after asking", async () => {
    const document = (name: string) => `kind: project\nname: ${name}\nlabels: {app: pruned}\n`;
    await ok("apply -f -", { stdin: [document("stays"), document("goes")].join("---\n") });
    await ok("apply -f -", { stdin: "kind: secret\nname: goes\nlabels: {app: pruned}\ndata: {a: b}\n" });
    const stdin = document("stays");
    expect((await cli("apply -f - --prune", { stdin })).err).toContain("--prune needs -l SELECTOR");
    const rehearsed = await ok("apply -f - --prune -l app=pruned --dry-run", { stdin });
    expect(rehearsed).toBe(
      "project/stays unchanged (dry run)\nproject/goes deleted (dry run)\nsecret/goes deleted (dry run)",
    );
    const asked = await cli("apply -f - --prune -l app=pruned", { stdin, answers: ["n"] });
    expect(asked).toEqual({ code: 0, out: "", err: "  project/goes\n  secret/goes\nNothing was applied." });
    const broken = await cli("apply -f - --prune -l app=pruned", { stdin: `${stdin}---\nkind: x\n` });
    expect(broken.err).toContain("Nothing is pruned, since not all manifests are valid.");
    expect((await cli("diff -f - --prune -l app=pruned", { stdin })).out).toContain("--- secret/goes\n+++ /dev/null");
    expect(await ok("apply -f - --prune -l app=pruned --atomic", { stdin })).toContain("secret/goes deleted");
    expect((await get("projects?")).items.map(({ name }: { name: string }) => name)).toEqual(["mine", "stays"]);
  });

  test("--wait ends when the servers run, and names those that do not in time", async () => {
    const runs = JSON.stringify({ kind: "server", name: "waited", command: fixture() });
    expect(await ok("apply -f - --wait --timeout 20s", { stdin: runs })).toBe("server/waited created");
    expect((await get("servers/waited")).status.state).toBe("RUNNING");
    const never = JSON.stringify({ kind: "server", name: "never", command: ["sleep", "60"] });
    const { code, err } = await cli("apply -f - --wait --timeout 1s", { stdin: never });
    expect([code, err]).toEqual([8, expect.stringContaining("not ready in time: never\n  never: STARTING")]);
    await ok("delete server/never server/waited --wait");
  });

  test("Ctrl-C lets what is under way end, and tells what was done", async () => {
    const stdin = Array.from({ length: 110 }, (_, i) => `kind: serviceaccount\nname: sa-${i}\n`).join("---\n");
    let asked = 0;
    const heard: Partial<Env> = {
      onInterrupt: (told) => {
        asked++;
        told();
        return () => {};
      },
    };
    const { code, out, err } = await w.cli(["apply", "-f", "-"], { stdin, env: heard });
    expect([code, out.split("\n").length, asked]).toEqual([130, 100, 1]);
    expect(err).toBe("Interrupted: 100 of 110 documents were sent, the others were not; apply again to go on.");
    expect((await get("serviceaccounts")).items).toHaveLength(100);
  });
});

test("diff shows what would change and no secret, and says by its exit code whether anything would", async () => {
  await ok("apply -f -", { stdin: "kind: prompt\nname: text\ncontent: |\n  one\n  two\n  three\npriority: 5\n" });
  const changed = "kind: prompt\nname: text\ncontent: |\n  one\n  zwei\n  three\n";
  expect(await cli("diff -f -", { stdin: changed })).toEqual({
    code: 1,
    out: [
      "--- prompt/text",
      "+++ prompt/text",
      "@@ -2,6 +2,6 @@",
      " name: text",
      " content: |",
      "   one",
      "-  two",
      "+  zwei",
      "   three",
      " priority: 5",
    ].join("\n"),
    err: "",
  });
  expect(await ok("diff -f -", { stdin: changed.replace("zwei", "two") })).toBe("");
  const secret = await cli("diff -f -", { stdin: "kind: secret\nname: new\ndata: {k: canary-55}\n" });
  expect([secret.code, secret.out]).toEqual([
    1,
    expect.stringMatching(/^--- \/dev\/null\n\+\+\+ secret\/new\n[\s\S]*\+data: \(given\)$/),
  ]);
  expect(secret.out).not.toContain("canary");
  expect((await cli("diff -f -", { stdin: "kind: project\nname: p\nservers: [nope]\n" })).code).toBe(2);
});

describe("patch", () => {
  test("fields by dotted paths, what goes, and all else as it was", async () => {
    await ok("create project patched --servers idle --description old --gate promptBytes=5,openSeconds=99");
    expect(await ok("patch project patched gate.promptBytes=1000 description- labels.team=docs")).toBe(
      "project/patched patched",
    );
    const project = await get("projects/patched");
    expect(project).toMatchObject({
      gate: { promptBytes: 1000, openSeconds: 99 },
      labels: { team: "docs" },
      servers: ["idle"],
    });
    expect(project.description).toBeUndefined();
    expect(await ok("patch projects/patched gate.promptBytes=1000")).toBe("project/patched unchanged");
    expect(await ok("label project patched team- app=x")).toBe("project/patched labelled");
    expect((await get("projects/patched")).labels).toEqual({ app: "x" });
  });

  test("the original's word for a field is a change of that field", async () => {
    await ok("patch project patched gated=true");
    expect((await get("projects/patched")).proxyModel).toBe("default");
    await ok("patch project patched gated=false");
    expect((await get("projects/patched")).proxyModel).toBe("content-pipeline");
  });

  test("a value of a secret takes no other along, and is in no answer", async () => {
    await ok("create secret merged --data a=1 --data b=2");
    expect(await ok("patch secret merged data.b=canary-7 -o yaml")).not.toContain("canary");
    await ok("patch secret merged data.c=3 data.a-");
    expect((await get("secrets/merged")).keys).toEqual(["b", "c"]);
  });

  test("JSON merge patch, from a flag, a file and over HTTP with a version", async () => {
    await ok("patch server idle --patch-file -", { stdin: "description: from a file\nlabels: {x: y}\n" });
    await w.cli(["patch", "server", "idle", "--patch", '{"labels": null}']);
    expect((await w.cli(["patch", "server", "idle", "-p", '{"labels": null}'])).err).toContain("-p names a project");
    const { description, labels, version, id } = await get("servers/idle");
    expect([description, labels]).toEqual(["from a file", undefined]);
    const send = (headers: Record<string, string>, body: unknown) =>
      w.fetch(
        new Request(`${w.url}/api/v1/servers/${id}`, {
          method: "PATCH",
          headers: { authorization: `Bearer ${w.admin}`, "content-type": "application/merge-patch+json", ...headers },
          body: JSON.stringify(body),
        }),
      );
    expect((await send({ "if-match": String(version - 1) }, { description: "x" })).status).toBe(409);
    expect((await send({ "if-match": String(version) }, { description: "x" })).status).toBe(200);
    expect((await send({}, { name: "other" })).status).toBe(422);
    expect((await send({ "content-type": "text/plain" }, {})).status).toBe(415);
  });

  test("changing what a server runs takes the right to run code, by a patch too", async () => {
    const token = await w.userWith("editor", [{ role: "edit", resource: "servers" }]);
    const patch = (body: object) => w.api("PATCH", "/api/v1/servers/idle", body, token);
    expect((await patch({ description: "mine" })).status).toBe(200);
    expect(await patch({ command: ["sh"] })).toMatchObject({ status: 403, json: { code: "forbidden" } });
  });

  test.each([
    ["patch project patched gate.promptBits=1", 'project.gate has no field "promptBits". Did you mean "promptBytes"?'],
    ["patch project patched gate.promptBytes=x", "gate.promptBytes takes a whole number"],
    ["patch project patched description", '"description" is no change'],
    ["patch project patched description=a description-", "description is given twice"],
    ["patch project patched", "give what changes, one way"],
    ["patch project", "which project?"],
    ["patch instance local-1 state=x", "instances are not changed"],
    ["patch project nope description=x", 'there is no project "nope"'],
    ["patch project patched --patch [1]", "--patch is no merge patch"],
  ])("%s", async (line, expected) => {
    expect((await cli(line)).err).toContain(expected);
  });
});

test("a server is attached and detached as often as one likes, and curation stays", async () => {
  const curated = { server: "local", deny: ["echo"] };
  await w.must("POST", "/api/v1/projects", { name: "attached", servers: [curated] });
  expect(await ok("attach-server idle local -p attached")).toBe(
    "server/idle attached to project/attached\nserver/local is attached already to project/attached",
  );
  expect((await get("projects/attached")).servers).toEqual([curated, "idle"]);
  expect(await ok("detach-server server/idle -p attached")).toBe("server/idle detached from project/attached");
  expect(await ok("detach-server idle -p attached")).toBe("server/idle is not attached to project/attached");
  expect((await cli("attach-server idle")).err).toContain("hint: mcpctl attach-server idle -p PROJECT");
  expect((await cli("attach-server nope -p attached")).err).toContain("there is no server of this name");
});

describe("create", () => {
  test("is where a file begins, and replaces what is there only when told to", async () => {
    const yaml = await ok("create project begun --servers idle --labels a=b --dry-run=client -o yaml");
    expect(yaml).toBe("kind: project\nname: begun\nservers:\n  - idle\nlabels:\n  a: b");
    expect(await ok("create project begun --dry-run")).toBe("project/begun created (dry run)");
    expect(await ok("apply -f -", { stdin: yaml })).toBe("project/begun created");
    expect((await cli("create project begun")).code).toBe(7);
    expect((await cli("create project begun --dry-run")).err).toContain("--force replaces it");
    expect(await ok("create project begun --force --description new")).toBe("project/begun replaced");
    expect(await get("projects/begun")).toMatchObject({ description: "new", servers: [] });
    for (const line of ["create -f stack.yaml", "create project -f stack.yaml"])
      expect((await cli(line)).err).toContain("hint: mcpctl apply -f FILE");
  });
});

describe("delete", () => {
  test("several kinds at once, each failure told, and what refers before what is referred to", async () => {
    await ok("create server used --url http://127.0.0.1:9/mcp");
    await ok("create project user --servers used");
    const inUse = await cli("delete server used");
    expect([inUse.code, inUse.err]).toEqual([7, expect.stringContaining("mcpctl detach-server used -p user")]);
    const { code, out, err } = await cli("delete server/used project/nope project/user");
    expect([code, out]).toEqual([6, "project/user deleted\nserver/used deleted"]);
    expect(err).toContain('error: project/nope: there is no project "nope"');
    expect(await ok("delete project nope --ignore-not-found")).toBe("");
  });

  test("by labels; all of a kind only when asked for twice", async () => {
    await ok("create project one --labels app=del");
    await ok("create project two --labels app=del");
    expect((await cli("delete projects --all")).err).toContain("--all is not done without being asked");
    expect((await cli("delete -l app=del")).err).toContain("of which kind?");
    expect((await ok("delete projects -l app=del")).split("\n").sort()).toEqual([
      "project/one deleted",
      "project/two deleted",
    ]);
    const none = await cli("delete projects -l app=del");
    expect([none.code, none.err]).toEqual([0, "Nothing to delete."]);
  });

  test("a person is told what else ends", async () => {
    await ok("create project opened");
    await cli("token create reader -p opened");
    const { out, err } = await cli("delete project opened", { answers: ["n"] });
    expect([out, err]).toEqual(["", "With it: mcptoken/reader"]);
  });
});

test("files of the original apply as they are; what means nothing here is told and left out", async () => {
  const file = join(import.meta.dir, "manifests/original.yaml");
  const first = await w.cli(["apply", "-f", file]);
  expect([first.code, first.err.split("\n").filter((line) => !line.startsWith("warning: "))]).toEqual([0, []]);
  expect(first.err).toContain("warning: project/monitoring, proxyMode means nothing here, and is left out");
  expect(await get("projects/monitoring")).toMatchObject({ proxyModel: "default", servers: ["grafana", "my-ha"] });
  expect(await get("servers/grafana")).toMatchObject({ image: "mcp/grafana:latest", args: ["-t", "stdio"] });
  expect(await get("llms/fast")).toMatchObject({
    type: "openai-compatible",
    apiKey: { secretRef: { name: "ha-secrets" } },
  });
  const again = await w.cli(["apply", "-f", file]);
  expect(again.out.split("\n").filter((line) => !/ (unchanged|already active, skipped)$/.test(line))).toEqual([]);
});

test("a folder is one command, in the order that references allow, however many requests it takes", async () => {
  const folder = join(w.home, "many");
  mkdirSync(folder);
  const documents = Array.from({ length: 60 }, (_, i) => [
    `kind: project\nname: many-${i}\nservers: [many-${i}]\n`,
    `kind: server\nname: many-${i}\ncommand: ["true"]\nreplicas: 0\n`,
  ]);
  for (const [i, some] of documents.entries()) writeFileSync(join(folder, `${i}.yaml`), some.join("---\n"));
  const out = await w.cli(["apply", "-f", folder]);
  expect([out.code, out.err, out.out.split("\n").filter((line) => line.endsWith(" created")).length]).toEqual([
    0,
    "",
    120,
  ]);
});
