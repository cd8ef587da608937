import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decryptedText, newPair } from "../../src/lib/age.ts";
import { keepInGit } from "../../src/operations/backup/git/keeper-loop.ts";
import { shownUrl } from "../../src/operations/backup/git/place.ts";
import { openRepository } from "../../src/operations/backup/git/repository.ts";
import { fixture, type World, world } from "../world.ts";

const hasGit = Bun.which("git") !== null;
const folder = mkdtempSync(join(tmpdir(), "mcpctl-git-backup-"));
const repo = join(folder, "backup.git");
const canary = "canary-in-git-91f2";
let w: World;
let pair: { identity: string; recipient: string };
let token: string;

const git = (...args: string[]) => {
  const { stdout, stderr, exitCode } = Bun.spawnSync(["git", ...args], { cwd: repo });
  expect([exitCode, stderr.toString()]).toEqual([0, ""]);
  return stdout.toString().trim();
};
const lastCommit = () => git("log", "-1", "--format=%an|%ae|%s", "main");
const sync = () => w.cli(["backup", "git", "sync"]);

beforeAll(async () => {
  pair = await newPair();
  w = await world({ database: `sqlite:${join(folder, "a.db")}` });
  if (!hasGit) return;
  await w.must("PUT", "/api/v1/backup/recipients", { recipients: [pair.recipient] });
  await w.must("POST", "/api/v1/apply", {
    documents: [
      { kind: "secret", name: "vault", data: { key: canary } },
      {
        kind: "server",
        name: "files",
        command: fixture(),
        env: [{ name: "TOKEN", valueFrom: { secretRef: { name: "vault", key: "key" } } }],
      },
      { kind: "project", name: "demo", servers: ["files"] },
      { kind: "prompt", name: "style", project: "demo", content: "Be brief" },
    ],
  });
  token = (await w.must("POST", "/api/v1/mcptokens", { name: "vllm", project: "demo" })).token;
  const enabled = await w.cli(["backup", "git", "enable", repo]);
  expect([enabled.code, enabled.err]).toEqual([0, ""]);
  await sync();
});
afterAll(async () => {
  await w.close();
  rmSync(folder, { recursive: true, force: true });
});

test.skipIf(!hasGit)(
  "each change is a commit by who made it, as a manifest that applies; secrets are ciphertext only",
  async () => {
    const alice = await w.userWith("alice", [
      { role: "edit", resource: "servers" },
      { role: "view", resource: "secrets" },
      { role: "run", action: "servers-execute" },
    ]);
    const { kind, name, command, env } = Bun.YAML.parse(git("show", "main:servers/files.yaml")) as Record<
      string,
      unknown
    >;
    const document = { kind, name, command, env, description: "Alice was here" };
    expect((await w.api("POST", "/api/v1/apply", { documents: [document] }, alice)).status).toBe(200);
    await w.until("it is committed", () => lastCommit().includes("server/files"));
    expect(lastCommit()).toBe("alice@example.com|alice@example.com|configured server/files by alice@example.com");
    const manifest = git("show", "main:servers/files.yaml");
    expect(manifest).toContain("Alice was here");
    const applied = await w.cli(["apply", "-f", "-"], { stdin: manifest });
    expect([applied.code, applied.out]).toEqual([0, "server/files unchanged"]);
    const everything = git("log", "-p", "--format=%B", "main");
    for (const secret of [canary, token, "argon2id"]) expect(everything).not.toContain(secret);
    const opened = await decryptedText(git("show", "main:secrets/vault.age"), { identities: [pair.identity] });
    expect(JSON.parse(opened)).toEqual({ data: { key: canary } });
    await w.must("DELETE", "/api/v1/prompts/style?project=demo");
    await sync();
    expect(lastCommit()).toBe("admin@localhost|admin@localhost|deleted prompt/demo/style by admin@localhost");
    expect(git("fsck", "--strict")).toBe("");
    const status = await w.must("GET", "/api/v1/backup/status");
    expect(status).toMatchObject({ enabled: true, repoUrl: repo, gitReachable: true, pendingCount: 0 });
    const log = await w.cli(["backup", "git", "log", "--limit", "1"]);
    expect(log.out).toContain("deleted prompt/demo/style by admin@localhost");
  },
  20_000,
);

test.skipIf(!hasGit)(
  "an instance that is new does not write over it, is restored from it, and then goes on with it",
  async () => {
    await using fresh = await world({ database: `sqlite:${join(folder, "b.db")}` }, 9);
    expect((await fresh.cli(["backup", "git", "enable", repo])).code).toBe(0);
    const refused = await fresh.cli(["backup", "git", "sync"]);
    expect([refused.code, refused.err]).toEqual([8, expect.stringContaining("this instance is new")]);
    const key = { "key.txt": `# created\n${pair.identity}\n` };
    const words = ["backup", "git", "restore", "--identity-file", "key.txt"];
    const planned = await fresh.cli([...words, "--dry-run", "-o", "json"], { files: key });
    expect(JSON.parse(planned.out)).toMatchObject({
      counts: { secrets: { created: 1 }, servers: { created: 1 } },
      sealedOut: 0,
    });
    expect((await fresh.api("GET", "/api/v1/servers")).json.items).toEqual([]);
    const restored = await fresh.cli(words, { files: key });
    expect([restored.code, restored.err]).toEqual([0, ""]);
    const { status: _, ...there } = await w.must("GET", "/api/v1/servers/files");
    const { status: __, ...here } = await fresh.must("GET", "/api/v1/servers/files");
    expect(here).toEqual(there);
    await fresh.until("files runs, so it has its secret", fresh.isRunning("files"));
    expect((await fresh.rpc(token, "tools/list")).status).toBe(200);
    const before = git("rev-parse", "main");
    await fresh.cli(["backup", "git", "sync"]);
    expect(git("diff", "--stat", before, "main", "--", "servers", "secrets", "projects")).toBe("");
  },
  20_000,
);

test.skipIf(!hasGit)(
  "a repository elsewhere is pushed to; what others pushed stays as history; one that is gone is told of",
  async () => {
    const elsewhere = join(folder, "elsewhere.git");
    Bun.spawnSync(["git", "init", "--bare", "-q", "-b", "main", elsewhere]);
    // The road of every remote, without a network: only the door lets no file:// in.
    const place = { url: `file://${elsewhere}`, branch: "main", path: "prod" };
    const programs = { PATH: process.env["PATH"] ?? "" };
    const keeper = keepInGit({
      place,
      open: (to) => openRepository(to, join(folder, "own.git"), programs),
      follow: w.rooms.audit.follow,
      db: w.rooms.db,
      sealing: w.rooms.backups.sealing,
      bearerKeys: () => [],
      clock: w.rooms.clock,
      log: w.rooms.log,
    });
    await keeper.sync();
    const there = (...args: string[]) =>
      Bun.spawnSync(["git", ...args], { cwd: elsewhere })
        .stdout.toString()
        .trim();
    expect(there("ls-tree", "--name-only", "main:prod").split("\n")).toContain("servers");
    const foreign = await openRepository(place, join(folder, "other.git"), programs);
    await foreign.fetch();
    await foreign.commit(
      [
        {
          author: "eve <eve@x>",
          at: 1,
          message: "meddled\n",
          changes: [{ path: "servers/files.yaml", text: "kind: nonsense\n" }],
        },
      ],
      await foreign.tip(),
    );
    await foreign.push();
    await w.must("POST", "/api/v1/projects", { name: "second" });
    await keeper.sync();
    const subjects = there("log", "--format=%s", "main");
    expect([subjects.includes("meddled"), subjects.includes("created project/second by admin@localhost")]).toEqual([
      true,
      true,
    ]);
    expect(there("show", "main:prod/servers/files.yaml")).not.toContain("nonsense");
    rmSync(elsewhere, { recursive: true });
    await w.must("POST", "/api/v1/projects", { name: "third" });
    await expect(keeper.sync()).rejects.toThrow();
    expect(keeper.state).toMatchObject({
      gitReachable: false,
      lastError: expect.stringContaining("the repository exists"),
    });
    await keeper.close();
  },
  20_000,
);

test.skipIf(!hasGit)("what is not of the backup stays in a repository of others, and is not read either", async () => {
  const team = join(folder, "team.git");
  const programs = { PATH: process.env["PATH"] ?? "" };
  const repository = await openRepository({ url: team, branch: "main", path: "" }, team, programs);
  const text = "jobs: {}\n";
  const changes = [".github/build.yaml", "deploy.yaml", "servers/odd\u0009name.yaml"].map((path) => ({ path, text }));
  await repository.commit([{ author: "eve <eve@x>", at: 1, message: "theirs\n", changes }], undefined);
  await w.rooms.gitBackup.enable({ url: team, branch: "main", path: "" });
  await w.rooms.gitBackup.sync(false);
  const files = await repository.files((await repository.tip()) ?? "");
  expect([...files.keys()]).toEqual(
    expect.arrayContaining([".github/build.yaml", "deploy.yaml", "servers/files.yaml"]),
  );
  const { db } = await w.rooms.gitBackup.sound(undefined, undefined);
  db.close();
});

test.skipIf(!hasGit)("a password in the address goes to no other that the repository's host names", async () => {
  const heard: string[] = [];
  const git = (body: string, of: string) =>
    new Response(body, { headers: { "content-type": `application/x-git-upload-pack-${of}` } });
  const other = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch({ method, headers }) {
      heard.push(`${method} ${headers.get("authorization")}`);
      return method === "GET"
        ? git("001e# service=git-upload-pack\n0000000eversion 2\n000cls-refs\n0000", "advertisement")
        : git("0000", "result");
    },
  });
  const host = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ url }) => {
      const { pathname, search } = new URL(url);
      return Response.redirect(`http://127.0.0.1:${other.port}${pathname}${search}`, 302);
    },
  });
  try {
    const place = { url: `http://bob:hunter2@127.0.0.1:${host.port}/x.git`, branch: "main", path: "" };
    const repository = await openRepository(place, join(folder, "sent-on.git"), { PATH: process.env["PATH"] ?? "" });
    await expect(repository.fetch()).rejects.toThrow("302");
    expect(heard).toEqual([]);
  } finally {
    await Promise.all([host.stop(true), other.stop(true)]);
  }
});

test("an address is shown without its password, whatever that holds", () => {
  expect(shownUrl("https://bob:hun@ter2@git.example.com/x.git")).toBe("https://•••@git.example.com/x.git");
  expect(shownUrl("https://git.example.com/x@1.git")).toBe("https://git.example.com/x@1.git");
});

test.skipIf(!hasGit).each([
  ["--upload-pack=touch /tmp/x", {}],
  ["ext::sh -c touch% /tmp/x", {}],
  ["relative/path", {}],
  ["/srv/x\n", {}],
  ["https://user:hunter2@example.invalid/x y", {}],
  ["/srv/x", { branch: "-main" }],
  ["/srv/x", { branch: "a..b" }],
  ["/srv/x", { branch: "x.lock" }],
  ["/srv/x", { path: "../up" }],
  ["/srv/x", { path: ".git/hooks" }],
])("what is no place is refused and not repeated: %j %j", async (url, more) => {
  const { status, text } = await w.api("PUT", "/api/v1/backup/git", { url, ...more });
  expect([status, text.includes("hunter2")]).toEqual([422, false]);
});
