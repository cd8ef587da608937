import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decrypted, encrypted, newPair } from "../../src/lib/age.ts";
import { findPassword, setPassword } from "../../src/storage/identity.ts";
import { findResource } from "../../src/storage/resources.ts";
import { fixture, type World, world } from "../world.ts";

const folder = mkdtempSync(join(tmpdir(), "mcpctl-backup-"));
const canary = "canary-7f3a9c-s3cret";
const hash =
  "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0c29tZXM$RXZlcnkgZ29vZCBib3kgZG9lcyBmaW5lLCBidXQgbm8gbW9yZQ";
let source: World;
let token: string;
let pair: { identity: string; recipient: string };
let file: Uint8Array;
let lines: string[];

/** What the age file of an answer holds. */
async function opened(bytes: Uint8Array, identity = pair.identity): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decrypted(piecesOf(bytes), { identities: [identity] })) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
async function* piecesOf(bytes: Uint8Array) {
  yield bytes;
}
async function sealed(text: string, recipient: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of encrypted(piecesOf(Buffer.from(text)), { recipients: [recipient] })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function backupOf(w: World, body: object = { recipients: [pair.recipient] }, bearer = w.admin) {
  const response = await w.fetch(
    new Request(`${w.url}/api/v1/backup`, {
      method: "POST",
      headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
  return { status: response.status, bytes: await response.bytes() };
}

/** Sends lines of a backup as the command line does, and asks for them to be put back. */
async function restoreInto(w: World, text: string, body: object = {}, pieces = 1) {
  const begun = await w.must("POST", "/api/v1/restore", { bytes: 1 });
  await w.must("DELETE", `/api/v1/restore/${begun.id}`);
  // The length is known once it is sealed, and it is sealed for who asks.
  const size = (await sealed(text, begun.recipient)).length;
  const { id, recipient } = await w.must("POST", "/api/v1/restore", { bytes: size });
  const bytes = await sealed(text, recipient);
  for (let piece = 0, offset = 0; piece < pieces; piece++) {
    const part = bytes.subarray(offset, piece === pieces - 1 ? size : offset + Math.ceil(size / pieces));
    const sent = await w.fetch(
      new Request(`${w.url}/api/v1/restore/${id}/${offset}`, {
        method: "PUT",
        headers: { authorization: `Bearer ${w.admin}`, "content-type": "application/octet-stream" },
        body: new Uint8Array(part),
      }),
    );
    expect(sent.status).toBe(200);
    offset += part.length;
  }
  const answer = await w.api("POST", `/api/v1/restore/${id}`, body);
  await w.must("DELETE", `/api/v1/restore/${id}`);
  return answer;
}

beforeAll(async () => {
  pair = await newPair();
  source = await world({ database: `sqlite:${join(folder, "source.db")}` });
  await source.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "secret", name: "vault", data: { key: canary } },
      {
        kind: "server",
        name: "files",
        command: fixture(),
        env: [{ name: "TOKEN", valueFrom: { secretRef: { name: "vault", key: "key" } } }],
        labels: { team: "docs" },
      },
      { kind: "project", name: "demo", servers: ["files"], description: "of old" },
      { kind: "prompt", name: "style", project: "demo", content: "Be brief" },
      { kind: "user", name: "alice@example.com" },
      { kind: "serviceaccount", name: "ci" },
      { kind: "group", name: "docs", members: ["alice@example.com"] },
      {
        kind: "rbac",
        name: "docs-team",
        subjects: [{ kind: "Group", name: "docs" }],
        roleBindings: [{ role: "run", resource: "projects", name: "demo" }],
      },
    ],
  });
  await source.rooms.db.write(function* () {
    const alice = yield* findResource("user", "alice@example.com");
    yield* setPassword(alice?.id ?? "", hash, 1);
  });
  await source.until("files runs", source.isRunning("files"));
  token = (
    await source.must("POST", "/api/v1/mcptokens", {
      name: "vllm",
      project: "demo",
      roleBindings: [{ role: "view", resource: "projects" }],
    })
  ).token;
  file = (await backupOf(source, { recipients: [pair.recipient], audit: true })).bytes;
  lines = (await opened(file)).trimEnd().split("\n");
});
afterAll(async () => {
  await source.close();
  rmSync(folder, { recursive: true, force: true });
});

test("into an instance with another master key: ids, rights, tokens, passwords, secrets and the audit log are as they were", async () => {
  await using w = await world({ database: `sqlite:${join(folder, "target.db")}` }, 8);
  const answer = await restoreInto(w, `${lines.join("\n")}\n`, {}, 3);
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('"endsLogin":false')]);
  for (const path of [
    "secrets/vault",
    "servers/files",
    "projects/demo",
    "prompts/style?project=demo",
    "users/alice@example.com",
    "rbac/docs-team",
  ]) {
    const [{ status: _, ...there }, { status: __, ...here }] = [
      await source.must("GET", `/api/v1/${path}`),
      await w.must("GET", `/api/v1/${path}`),
    ];
    expect(here).toEqual(there);
  }
  await w.until("files runs", w.isRunning("files"));
  const call = { name: "files__environment", arguments: {} };
  await w.rpc(token, "initialize", {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "t", version: "1" },
  });
  const called = await w.rpc(token, "tools/list");
  expect([called.status, called.text.includes("files__")]).toEqual([200, true]);
  void call;
  const alice = await w.rooms.db.read(() => findResource("user", "alice@example.com"));
  expect(await w.rooms.db.read(() => findPassword(alice?.id ?? ""))).toBe(hash);
  const verified = await w.cli(["audit", "events", "--limit", "1000", "-o", "json"]);
  expect(verified.code).toBe(0);
});
