import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSession } from "../../src/auth/session.ts";
import { decrypted, encrypted, isByPassphrase, newPair } from "../../src/lib/age.ts";
import { verifyAudit } from "../../src/operations/audit-verify.ts";
import { staged } from "../../src/operations/backup/stage.ts";
import { masterKey } from "../../src/secrets/master-key.ts";
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
  const { id, recipient } = await w.must("POST", "/api/v1/restore", { bytes: 2 * text.length + 100_000 });
  const bytes = await sealed(text, recipient);
  const size = bytes.length;
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
  const called = await w.rpc(token, "tools/call", { name: "files__env", arguments: { name: "TOKEN" } });
  expect([called.status, called.json.result.content[0].text]).toEqual([200, canary]);
  expect((await w.api("GET", "/api/v1/projects", undefined, token)).json.items).toHaveLength(1);
  const alice = await w.rooms.db.read(() => findResource("user", "alice@example.com"));
  expect(await w.rooms.db.read(() => findPassword(alice?.id ?? ""))).toBe(hash);
  const aliceMay = { verb: "run", resource: "projects", name: "demo", as: "User:alice@example.com" };
  expect((await w.must("POST", "/api/v1/auth/can-i", aliceMay)).allowed).toBe(true);
  await w.rooms.audit.flush();
  const verdict = await w.rooms.db.read(() => verifyAudit(masterKey(Buffer.alloc(32, 8)).derive("audit")));
  expect([verdict.broken, verdict.events > Number(countOf("audit_events"))]).toEqual([undefined, true]);
}, 20_000);

const countOf = (table: string) => JSON.parse(lines[0] ?? "").counts[table];

test("no secret, no hash and no key is readable in the file, and it opens for nobody else", async () => {
  for (const word of [canary, hash, token, "vault"]) expect(Buffer.from(file).includes(word)).toBe(false);
  expect(lines.some((line) => line.includes(canary))).toBe(true);
  const other = await newPair();
  await expect(opened(file, other.identity)).rejects.toThrow("none of these identities opens this file");
});

test("the right to back up is enough for the recipients of the instance, and for nobody else's; a token has neither", async () => {
  const nightly = await source.userWith("nightly", [{ role: "run", action: "backup" }]);
  const own = { recipients: [pair.recipient] };
  expect((await backupOf(source, own, nightly)).status).toBe(403);
  expect((await backupOf(source, {}, nightly)).status).toBe(422);
  expect((await source.api("PUT", "/api/v1/backup/recipients", own, nightly)).status).toBe(403);
  await source.must("PUT", "/api/v1/backup/recipients", own);
  const made = await backupOf(source, {}, nightly);
  expect([made.status, (await opened(made.bytes)).includes(canary)]).toEqual([200, true]);
  expect((await source.api("POST", "/api/v1/restore", { bytes: 1 }, nightly)).status).toBe(403);
  const restorer = await source.userWith("restorer", [
    { role: "run", action: "restore" },
    { role: "edit", resource: "*" },
  ]);
  expect((await source.api("POST", "/api/v1/restore", { bytes: 1 }, restorer)).status).toBe(403);
  expect((await backupOf(source, own, token)).status).toBe(403);
});

test("who goes before the first byte leaves no file behind, and few that nobody reads lie there at once", async () => {
  const begin = () =>
    source.fetch(
      new Request(`${source.url}/api/v1/backup`, {
        method: "POST",
        headers: { authorization: `Bearer ${source.admin}`, "content-type": "application/json" },
        body: JSON.stringify({ recipients: [pair.recipient] }),
      }),
    );
  const answers = await Promise.all(Array.from({ length: 5 }, begin));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 503]);
  const left = join(source.home, "data", "backups");
  expect(readdirSync(left).length).toBe(4);
  await Promise.all(answers.map(({ body }) => body?.cancel()));
  expect(readdirSync(left)).toEqual([]);
});

describe("what is not what was written is refused whole", () => {
  const parsed = () => lines.map((line) => JSON.parse(line));
  /** As somebody would who has the key, and writes a new end to it. */
  const withEnd = (of: unknown[]) => {
    const body = of.map((line) => `${JSON.stringify(line)}\n`).join("");
    const sha256 = new Bun.CryptoHasher("sha256").update(body).digest("hex");
    return `${body}${JSON.stringify({ end: { rows: of.length - 1, sha256 } })}\n`;
  };
  const changed = (change: (all: ReturnType<typeof parsed>) => void) => () => {
    const all = parsed().slice(0, -1);
    change(all);
    return withEnd(all);
  };
  const rowOf = (all: ReturnType<typeof parsed>, table: string, name?: string) =>
    all.find((line) => line.table === table && (name === undefined || line.row.name === name)).row;

  test.each<[string, () => string, RegExp]>([
    ["nothing", () => "", /no end/],
    ["no backup", () => '{"x":1}\n', /does not begin/],
    ["no end", () => `${lines.slice(0, -1).join("\n")}\n`, /no end/],
    ["a line less", () => `${lines.toSpliced(3, 1).join("\n")}\n`, /does not come to/],
    ["another byte", () => `${lines.join("\n").replace("of old", "of new")}\n`, /does not come to/],
    ["more after its end", () => `${[...lines, lines[1]].join("\n")}\n`, /after its end/],
    ["a newer format", changed((all) => (all[0].format = 2)), /format 2/],
    ["a newer schema", changed((all) => (all[0].schema = 999)), /newer mcpctl/],
    ["a table that is none", changed((all) => (all[1].table = "sqlite_schema")), /none of ours/],
    ["a column that is none", changed((all) => (all[1].row["x) --"] = 1)), /does not fit/],
    ["a row twice", changed((all) => void all.push(all[1])), /twice/],
    [
      "a kind that is none",
      changed((all) => (rowOf(all, "resources").kind = "gadget")),
      /kind that this mcpctl does not know/,
    ],
    [
      "a document that is none",
      changed((all) => (rowOf(all, "resources", "demo").fields = '{"serverz":[]}')),
      /is not valid/,
    ],
    ["a password of another sort", changed((all) => (rowOf(all, "passwords").hash = "$2b$31$x")), /password/],
    [
      "a secret of another version",
      changed((all) => (rowOf(all, "secret_values").version = 7)),
      /not what it should be/,
    ],
    ["a token of nobody", changed((all) => (rowOf(all, "tokens").owner_id = "nobody")), /refers to/],
    ["another past", changed((all) => (rowOf(all, "audit_events").outcome = "refused")), /audit log is broken/],
    [
      "a reference to nothing",
      changed(
        (all) =>
          void all.splice(
            all.findIndex((line) => line.row?.name === "files"),
            1,
          ),
      ),
      /refers to/,
    ],
  ])("%s", async (_, text, why) => {
    const path = join(folder, "staged.db");
    const read = staged(piecesOf(Buffer.from(text())), path, source.rooms.backups.sealing);
    await expect(read).rejects.toThrow(why);
    expect(existsSync(path)).toBe(false);
  });
});

test("fail changes nothing, skip keeps what is here, overwrite makes it what it was; what was revoked stays revoked", async () => {
  const project = async () => (await source.must("GET", "/api/v1/projects/demo")).description;
  const text = `${lines.join("\n")}\n`;
  await source.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "project", name: "demo", servers: ["files"], description: "of late" },
      { kind: "secret", name: "vault", data: { key: "another-value-of-it" } },
    ],
  });
  await source.must("DELETE", "/api/v1/prompts/style?project=demo");
  await source.must("POST", "/api/v1/mcptokens/vllm/revoke?project=demo");
  const failed = await restoreInto(source, text);
  expect([failed.status, failed.json.fields.map(({ message }: { message: string }) => message)]).toEqual([
    409,
    ["secret vault", "project demo"],
  ]);
  expect((await source.api("GET", "/api/v1/prompts/style?project=demo")).status).toBe(404);
  const planned = await restoreInto(source, text, { strategy: "overwrite", dryRun: true });
  expect(planned.json.counts).toMatchObject({
    secrets: { overwritten: 1 },
    projects: { overwritten: 1 },
    prompts: { created: 1 },
  });
  expect(await project()).toBe("of late");
  const skipped = await restoreInto(source, text, { strategy: "skip" });
  expect(skipped.json.counts).toMatchObject({
    projects: { skipped: 1 },
    prompts: { created: 1 },
    servers: { unchanged: 1 },
  });
  expect(await project()).toBe("of late");
  const { version } = await source.must("GET", "/api/v1/secrets/vault");
  expect((await restoreInto(source, text, { strategy: "overwrite" })).status).toBe(200);
  expect(await project()).toBe("of old");
  expect((await source.must("GET", "/api/v1/secrets/vault")).version).toBe(version + 1);
  expect((await opened((await backupOf(source)).bytes)).includes(canary)).toBe(true);
  expect((await source.rpc(token, "tools/list")).status).toBe(401);
}, 20_000);

test("a login of a service account that was ended does not come back to an account that stayed", async () => {
  const { id } = await source.must("GET", "/api/v1/serviceaccounts/ci");
  const login = await source.rooms.db.write(() => openSession(source.rooms.hashKeys, id, "key", Date.now(), null));
  const whoami = async () => (await source.api("GET", "/api/v1/auth/whoami", undefined, login.token)).status;
  const text = await opened((await backupOf(source)).bytes);
  expect(await whoami()).toBe(200);
  await source.must("DELETE", `/api/v1/sessions/${login.id}`);
  expect((await restoreInto(source, text, { strategy: "skip" })).status).toBe(200);
  expect(await whoami()).toBe(401);
  await source.must("DELETE", "/api/v1/serviceaccounts/ci");
  expect((await restoreInto(source, text, { strategy: "skip" })).status).toBe(200);
  expect(await whoami()).toBe(200);
});

test("while others write, a backup is one state: never one half of what was written together", async () => {
  const documents = (n: number) => ["one", "two"].map((name) => ({ kind: "project", name, description: `state ${n}` }));
  await source.must("POST", "/api/v1/apply", { documents: documents(0) });
  let [n, isDone] = [0, false];
  const writing = (async () => {
    while (!isDone) await source.must("POST", "/api/v1/apply", { documents: documents(++n) });
  })();
  for (let round = 0; round < 5; round++) {
    const rows = (await opened((await backupOf(source)).bytes)).split("\n").filter((line) => line.includes("state "));
    const states = new Set(rows.map((line) => /state \d+/.exec(line)?.[0]));
    expect([rows.length, states.size]).toEqual([2, 1]);
  }
  isDone = true;
  await writing;
  expect(n).toBeGreaterThan(5);
}, 20_000);

test("the command line writes one file for its owner alone, locked with a passphrase that stays here, and puts it back", async () => {
  const target = join(folder, "cli.age");
  const key = { "key.txt": `# public key: ${pair.recipient}\n${pair.identity}\n` };
  const made = await source.cli(["backup", "-o", target, "--recipient", pair.recipient]);
  expect([made.code, made.err, made.out.includes("opened by the recipients given")]).toEqual([0, "", true]);
  expect(statSync(target).mode & 0o777).toBe(0o600);
  const again = await source.cli(["backup", "-o", target]);
  expect([again.code, again.err]).toEqual([7, expect.stringContaining("is there already")]);
  expect((await source.cli(["restore", import.meta.path])).err).toContain("no file that mcpctl backup or age wrote");
  const wrong = await source.cli(["restore", target]);
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining("--identity-file")]);
  const planned = await source.cli(["restore", target, "--dry-run", "--identity-file", "key.txt"], { files: key });
  expect([planned.code, planned.out]).toEqual([0, expect.stringContaining("UNCHANGED")]);
  writeFileSync(target, readFileSync(target).subarray(0, -1));
  const cut = await source.cli(["restore", target, "--identity-file", "key.txt"], { files: key });
  expect([cut.code, cut.err]).toEqual([2, expect.stringContaining("changed or cut short")]);
  for (const [name, text] of [
    ["short", "a\n"],
    ["none", "\n"],
  ] as const) {
    const refused = await source.cli(["backup", "-o", join(folder, name), "--passphrase-file", "p"], {
      files: { p: text },
    });
    expect([refused.code, readdirSync(folder).includes(name)]).toEqual([2, false]);
  }
  expect(readdirSync(folder).filter((file) => file.endsWith(".part"))).toEqual([]);
  expect(readdirSync(join(source.rooms.config.dataDir, "backups"))).toEqual([]);
}, 20_000);

test("a passphrase opens what it locked, also for the age tool's own files, and no other does", async () => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of encrypted(piecesOf(Buffer.from("x")), {
    passphrase: "five words of no sense",
    workFactor: 10,
  }))
    chunks.push(chunk);
  const locked = Buffer.concat(chunks);
  const open = async (passphrase: string) => {
    let text = "";
    for await (const chunk of decrypted(piecesOf(locked), { passphrase })) text += Buffer.from(chunk).toString();
    return text;
  };
  expect([isByPassphrase(locked.toString("latin1")), await open("five words of no sense")]).toEqual([true, "x"]);
  await expect(open("five words of sense")).rejects.toThrow("the passphrase is not the one");
});
