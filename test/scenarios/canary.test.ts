import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kinds } from "../../src/resources/index.ts";
import { allRoutes } from "../../src/server/routes/index.ts";
import { findings } from "../secrets/findings.ts";
import { startHttpServer } from "../servers/http-server.ts";
import { fixture, type World, world } from "../world.ts";

/**
 * Values that must lie nowhere: a token, a login, a secret's value, a password. Everything that can be asked is asked, rightly and wrongly, with
 * these values in places where they do not belong; then every answer, every log line and every byte on disk is searched, in all the forms of
 * `findings`. Only the one answer that mints a bearer may hold it.
 */
let w: World;
const folder = mkdtempSync(join(tmpdir(), "mcpctl-canary-"));
const web = startHttpServer({ name: "web", echoesHeaders: true });
const canaries: Record<string, string> = { secret: 'canary+/"9~\\secretvalue', password: "canary-p4ss+/~word" };
/** What was answered or printed, by how it was asked for. */
const seen: { what: string; text: string }[] = [];
let tokenId = "";

const bearer = () => canaries["token"] ?? "";
async function keep(what: string, request: Request): Promise<string> {
  const response = await w.fetch(request);
  const text = await response.text();
  seen.push({ what: `${what} → ${response.status}`, text: `${JSON.stringify([...response.headers])}\n${text}` });
  return text;
}
const ask = (method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
  keep(
    `${method} ${path.split("?")[0]?.replace(bearer(), "TOKEN")} ${body === undefined ? "" : shape(body)}`,
    new Request(w.url + path, {
      method,
      headers: { authorization: `Bearer ${w.admin}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body }),
    }),
  );
/** A body as it may be shown in a failure of this test. */
const shape = (body: string) =>
  Object.entries(canaries).reduce(
    (text, [name, value]) => text.replaceAll(JSON.stringify(value).slice(1, -1), `<${name}>`),
    body,
  );

beforeAll(async () => {
  w = await world({ database: `sqlite:${join(folder, "mcpctl.db")}` });
  canaries["login"] = w.admin;
  const from = { valueFrom: { secretRef: { name: "vault", key: "key" } } };
  await ask(
    "POST",
    "/api/v1/apply",
    JSON.stringify({
      documents: [
        { kind: "secret", name: "vault", data: { key: canaries["secret"] } },
        { kind: "server", name: "local", command: fixture("--journal"), env: [{ name: "KEY", ...from }] },
        { kind: "server", name: "web", url: web.url, headers: [{ name: "Authorization", ...from }] },
        { kind: "server", name: "dead", command: ["/nowhere"], env: [{ name: "KEY", ...from }] },
        { kind: "project", name: "demo", servers: ["local", "web", "dead"] },
        { kind: "user", name: "ann@example.com", password: canaries["password"] },
        { kind: "group", name: "team", members: ["ann@example.com"] },
        { kind: "serviceaccount", name: "ci" },
      ],
    }),
  );
  const roleBindings = kinds.map(({ plural }) => ({ role: "view", resource: plural }));
  const minted = await w.must("POST", "/api/v1/mcptokens", { name: "planted", project: "demo", roleBindings });
  canaries["token"] = minted.token;
  tokenId = minted.id;
  await w.until("both run", async () => (await w.isRunning("local")()) && (await w.isRunning("web")()));
});
afterAll(async () => {
  await w.close();
  await web.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Bodies that are wrong for every route, with a value where it does not belong. */
const wrongBodies = (value: string): string[] => [
  `{"name": ${JSON.stringify(value)}`,
  JSON.stringify(value).slice(1, -1),
  ...[
    value,
    [value],
    { name: value },
    { name: { deep: value } },
    { name: "x", unknown: value },
    { name: "x", description: [value] },
    { name: "x", ttl: value, project: "demo" },
    { name: "x", project: value },
    { name: "x", servers: [value] },
    { name: "x", members: [value] },
    { name: "x", env: [{ name: value, value: 1 }] },
    { name: "x", url: `http://u:${value}@host/` },
    { name: "x", packageName: value },
    { name: "x", transport: value },
    { name: "x", data: value },
    { name: "x", data: { key: [value] } },
    { name: "x", password: [value] },
    { name: "x", project: "demo", tools: [value] },
    { name: "x", subjects: [{ kind: value, name: value }], roleBindings: [] },
    { name: "x", subjects: [{ kind: "User", name: value }], roleBindings: [] },
    { name: "x", subjects: [], roleBindings: [{ role: value, resource: value }] },
    { name: "x", subjects: [], roleBindings: [{ role: "view", resource: value }] },
    { name: "x", subjects: [], roleBindings: [{ role: "run", action: value }] },
    { email: value, password: [value] },
    { email: "ann@example.com", password: value, more: value },
    { documents: value },
    { documents: [value] },
    { documents: [{ kind: value, name: "x" }] },
    { documents: [{ kind: "server", name: value, comand: [value] }] },
    { documents: [{ kind: "secret", name: "x", data: [value] }], dryRun: true },
    { verb: value, resource: "servers" },
    { verb: "view", resource: value },
    { verb: "view", resource: "servers", as: value },
    { action: value },
    { action: "logs", as: `McpToken:${value}` },
    { overlap: value },
    { ttl: value },
    { ttl: "1d", label: [value] },
  ].map((body) => JSON.stringify(body)),
];

test("every route, asked rightly and wrongly", async () => {
  // A login that is ended would make strangers of all who come after.
  for (const { method, path } of allRoutes().filter((route) => !route.path.endsWith("/logout"))) {
    const names: Record<string, string> = { mcptokens: tokenId, users: "ann@example.com", servers: "local" };
    const name = names[path.split("/")[3] ?? ""] ?? "demo";
    const at = (ref: string) => path.replace(":ref", encodeURIComponent(ref));
    if (method === "GET") await ask(method, at(name));
    if (method === "GET") await ask(method, at(name), undefined, { authorization: `Bearer ${bearer()}` });
    await ask(method, at(bearer()), method === "GET" || method === "DELETE" ? undefined : "{}");
    await ask(method, `${at("x")}?project=${bearer()}`, method === "GET" || method === "DELETE" ? undefined : "{}");
    await ask(method, `${at("x")}?${bearer()}=1`, method === "GET" || method === "DELETE" ? undefined : "{}");
    if (method !== "POST" && method !== "PUT") continue;
    for (const value of Object.values(canaries))
      for (const body of wrongBodies(value)) await ask(method, at("x"), body);
  }
}, 30_000);

test("bearers that are not quite right", async () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  const wrong = [`${bearer()}x`, bearer().slice(0, -1), bearer().replace("pat", "ses"), bearer().toUpperCase()];
  const authorizations = [
    ...wrong.map((text) => `Bearer ${text}`),
    ...[`${bearer()}x:`, `u:${bearer()}`, `${bearer()}:${bearer()}`, `${bearer()}:${canaries["password"]}`].map(basic),
    bearer(),
    `Token ${bearer()}`,
  ];
  for (const authorization of authorizations)
    for (const path of ["/api/v1/auth/whoami", "/api/v1/mcptokens/introspect", `/api/v1/servers?token=${bearer()}`])
      await ask("GET", path, undefined, { authorization });
  for (const path of [`/projects/${bearer()}/mcp`, `/${bearer()}`, `/mcp?token=${bearer()}`])
    await ask("POST", path, '{"jsonrpc":"2.0","id":1,"method":"ping"}');
  await ask("GET", "/healthz", undefined, { host: bearer() });
  await ask("GET", "/healthz", undefined, { origin: `http://${bearer()}` });
});

test("logins that fail, with a password that is right for somebody else", async () => {
  for (const email of ["nobody@example.com", "admin@localhost", canaries["password"] ?? "", bearer()])
    await ask("POST", "/api/v1/auth/login", JSON.stringify({ email, password: canaries["password"] }));
});

test("the gateway: calls, failures, names that are none; no server ever hears of its caller's bearer", async () => {
  const authorization = `Bearer ${bearer()}`;
  const rpc = (method: string, params: object = {}, headers = {}) =>
    ask("POST", "/mcp", JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), { authorization, ...headers });
  for (const list of ["tools", "prompts", "resources", "resources/templates"]) await rpc(`${list}/list`);
  for (const name of ["local__fail", "local__echo", "dead__echo", bearer(), `local__${bearer()}`])
    await rpc("tools/call", { name, arguments: {} });
  await rpc("prompts/get", { name: bearer() });
  await rpc("resources/read", { uri: `fixture://${bearer()}` });
  await rpc("completion/complete", { ref: { type: "ref/prompt", name: bearer() }, argument: {} });
  await rpc(bearer());
  await rpc("tools/list", { cursor: bearer() });
  await rpc("ping", {}, { "mcp-protocol-version": bearer() });
  // What this server repeats is the credential that we were told to send it; its caller's must not be there.
  const forwarded = { cookie: `t=${bearer()}`, "x-api-key": bearer(), "proxy-authorization": authorization };
  const echoed = await w.fetch(
    new Request(`${w.url}/mcp?token=${bearer()}`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json", ...forwarded },
      body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"web__echo","arguments":{}}}',
    }),
  );
  const text = await echoed.text();
  expect(text).toContain("authorization");
  expect(findings(text, bearer())).toEqual([]);
  const heard = JSON.stringify(web.requests.map(({ headers, body }) => [[...headers], body]));
  for (const name of ["token", "login", "password"])
    expect([name, findings(heard, canaries[name] ?? "")]).toEqual([name, []]);
});

test("the command line, every look in every format, and words that are wrong", async () => {
  const looks = [
    ...kinds.flatMap(({ plural }) => ["table", "wide", "json", "yaml", "name"].map((o) => ["get", plural, "-o", o])),
    ["describe", "server", "local"],
    ["describe", "server", "dead"],
    ["describe", "secret", "vault"],
    ["describe", "user", "ann@example.com"],
    ["describe", "mcptoken", "planted", "-p", "demo"],
    ["describe", "project", "demo"],
    ["token", "list", "-p", "demo"],
    ["logs", "local"],
    ["status"],
    ["whoami"],
    ["config", "view"],
    ["whoami", "--token", `${bearer()}x`],
    ["get", bearer()],
    ["get", "servers", bearer()],
    ["get", `servers/${bearer()}`],
    ["describe", "server", bearer()],
    ["get", "servers", `--${bearer()}`],
    ["get", "servers", "-o", bearer()],
    ["token", "revoke", bearer(), "-p", "demo"],
    ["token", "create", bearer(), "-p", "demo"],
    ["token", "create", "x", "-p", bearer()],
    ["create", "server", "x", "--transport", canaries["secret"] ?? ""],
    ["create", "secret", "x", "--data", canaries["secret"] ?? ""],
    ["create", "project", bearer()],
    ["apply", "-f", "-"],
  ];
  const stdin = `kind: server\nname: x\ncomand: [${JSON.stringify(canaries["secret"])}]\ndescription: ${bearer()}\n`;
  for (const words of looks) {
    const { code, out, err } = await w.cli(words, { stdin });
    seen.push({ what: `mcpctl ${shape(words.join(" "))} → ${code}`, text: `${out}\n${err}` });
  }
});

test("none of it is in any answer or log line", async () => {
  await w.rooms.db.write(function* () {});
  const found = [...seen, ...w.logs.map((text, index) => ({ what: `log line ${index + 1}`, text }))].flatMap(
    ({ what, text }) =>
      Object.entries(canaries).flatMap(([name, value]) =>
        findings(text, value).map((form) => `${what}: ${name}, ${form}`),
      ),
  );
  expect([...new Set(found)]).toEqual([]);
  // The sweep was let in: most of what it did was refused for what it said, not for who said it.
  const met = (status: number) => seen.filter(({ what }) => what.endsWith(`→ ${status}`)).length;
  expect(met(422)).toBeGreaterThan(1_000);
  expect(met(422)).toBeGreaterThan(10 * met(401));
});

test("nor in any byte on disk, the write-ahead log included", () => {
  const files = [folder, join(w.home, "data")].flatMap((root) => {
    const names = statSync(root, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(root, { recursive: true });
    return names.map((name) => join(root, String(name))).filter((path) => statSync(path).isFile());
  });
  expect(files.map((path) => path.slice(folder.length + 1))).toEqual(
    expect.arrayContaining(["mcpctl.db", "mcpctl.db-wal"]),
  );
  const bytes = Buffer.concat(files.map((path) => readFileSync(path)));
  // What belongs there is there, so the search reaches it.
  expect(findings(bytes, "ann@example.com")).toContain("raw");
  for (const [name, value] of Object.entries(canaries)) expect([name, findings(bytes, value)]).toEqual([name, []]);
});
