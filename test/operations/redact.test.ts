import { describe, expect, test } from "bun:test";
import { mintBearer } from "../../src/auth/bearer.ts";
import { changeEntry } from "../../src/operations/change-entry.ts";
import { changeOf, fingerprint, redactedArguments, redactedFields } from "../../src/operations/redact.ts";
import { Prompt } from "../../src/resources/prompt.ts";
import { Secret } from "../../src/resources/secret.ts";
import { Server } from "../../src/resources/server.ts";
import { User } from "../../src/resources/user.ts";

const canary = "canary-51b0";
const fp = (value: string) => fingerprint(Buffer.alloc(32, 1), value);
const isPrint = expect.stringMatching(/^fp:[0-9a-f]{16}$/);

describe("a resource's fields", () => {
  test("what a kind never gives back is a fingerprint for each value", () => {
    const secret = redactedFields(Secret, { name: "s", description: "d", data: { a: canary, b: canary } }, fp);
    expect(secret).toEqual({ name: "s", description: "d", data: { a: isPrint, b: isPrint } });
    expect(redactedFields(User, { name: "a@b.c", password: canary }, fp)).toEqual({ name: "a@b.c", password: isPrint });
  });

  test("the same value in the same place is the same, in another place, under another name or key it is not", () => {
    const at = (name: string, key: string, print = fp) =>
      (redactedFields(Secret, { name, data: { [key]: canary } }, print)["data"] as Record<string, string>)[key];
    expect(at("s", "a")).toBe(at("s", "a") ?? "");
    const others = [at("t", "a"), at("s", "b"), at("s", "a", (value) => fingerprint(Buffer.alloc(32, 2), value))];
    for (const other of others) expect(other).not.toBe(at("s", "a"));
  });

  test("a long text is kept by its beginning, and tells whether its end is another", () => {
    const at = (end: string) =>
      String(redactedFields(Prompt, { name: "p", content: "x".repeat(20_000) + end }, fp)["content"]);
    expect(at("a")).toMatch(/^x{16384}… \(20001 characters, fp:[0-9a-f]{16}\)$/);
    const [one, same, other] = ["a", "a", "b"].map(at);
    expect([one === same, one === other]).toEqual([true, false]);
    const token = mintBearer("token");
    const secret = redactedFields(Prompt, { name: "p", content: `${"x ".repeat(8_180)}${token}${" y".repeat(9)}` }, fp);
    expect(String(secret["content"])).not.toContain(token.slice(0, 20));
  });

  test("env and headers keep their names and references, not their values", () => {
    const valueFrom = { secretRef: { name: "s", key: "k" } };
    const env = [
      { name: "A", value: canary },
      { name: "B", valueFrom },
    ];
    expect(redactedFields(Server, { name: "x", env, headers: env }, fp)).toEqual({
      name: "x",
      env: [
        { name: "A", value: isPrint },
        { name: "B", valueFrom },
      ],
      headers: [
        { name: "A", value: isPrint },
        { name: "B", valueFrom },
      ],
    });
  });

  test("secrets on a command line, in a URL, and bearers of ours anywhere", () => {
    const bearer = mintBearer("token");
    const server = {
      name: "x",
      command: ["run", "--api-key", canary, `--token=${canary}`, "--verbose", "on"],
      url: `https://me:${canary}@host/mcp?api_key=${canary}&page=2`,
      description: `uses ${bearer}`,
    };
    const text = JSON.stringify(redactedFields(Server, server, fp));
    expect(text).not.toContain(canary);
    expect(text).not.toContain(bearer);
    expect(text).toContain('"--verbose","on"');
    expect(text).toContain("&page=2");
  });

  test("a text made of the names of secrets takes no longer than another", () => {
    const started = performance.now();
    const [names, flag] = ["token".repeat(4_000), `--${"token".repeat(4_000)}!`];
    redactedFields(Server, { name: "x", description: names, command: ["run", ...Array(50).fill(flag)] }, fp);
    // Gone through anew for each place where a name may begin, it took minutes.
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe("arguments of a call", () => {
  test("keep what is plain, blot what is named or shaped like a secret, at any depth", () => {
    const bearer = mintBearer("session");
    const given = { path: "/a", nested: [{ apiKey: canary, Password: { deep: canary } }], note: `see ${bearer}` };
    const kept = JSON.stringify(redactedArguments(JSON.stringify(given)));
    expect(kept).toContain('"path":"/a"');
    expect(kept).not.toContain(canary);
    expect(kept).not.toContain(bearer);
  });

  test("are bounded, and never parsed when huge", () => {
    expect(JSON.stringify(redactedArguments(JSON.stringify({ a: "x".repeat(10_000) }))).length).toBeLessThan(4_200);
    expect(redactedArguments(`{"a":"${"x".repeat(100_000)}"}`)).toEqual({ cut: "100008 characters" });
    expect(redactedArguments("{")).toEqual({ cut: "not JSON" });
  });
});

test("a change is the fields that differ, without those that mcpctl keeps itself", () => {
  const before = { id: "1", version: 1, name: "x", args: ["a"], cwd: "/" };
  const after = { id: "1", version: 2, name: "x", args: ["b"], cwd: "/", url: "u" };
  expect(changeOf(before, after)).toEqual({ before: { args: ["a"] }, after: { args: ["b"], url: "u" } });
  expect(changeOf(undefined, { id: "1", name: "x" })).toEqual({ before: {}, after: { name: "x" } });
});

test("the record of a change says what it was done to, and holds no secret", () => {
  const change = { at: 1, actor: { subject: "User:a" }, fp };
  expect(
    changeEntry({
      ...change,
      kind: Secret,
      action: "update",
      before: { name: "s", keys: ["a"] },
      after: { name: "s", keys: ["a"], data: { a: canary } },
    }),
  ).toMatchObject({
    kind: "change",
    action: "update",
    resource: "secrets/s",
    detail: { before: {}, after: { data: { a: isPrint } } },
  });
  expect(changeEntry({ ...change, kind: Server, action: "delete", before: { name: "x" } })).toMatchObject({
    server: "x",
    detail: { before: { name: "x" }, after: {} },
  });
});
