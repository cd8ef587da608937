import { afterAll, beforeAll, expect, test } from "bun:test";
import { authority, local, other } from "../servers/certificates.ts";
import { json, modernAnswer, reply, startRawServer } from "../servers/raw-server.ts";
import { startStreamingServer } from "../servers/streaming-server.ts";
import { type World, world } from "../world.ts";

/** Servers that somebody else runs, in good order and in bad, through the whole of mcpctl. */
let w: World;
const good = startStreamingServer({ name: "good" });
const closers: (() => unknown)[] = [good.stop];

async function serve(...given: Parameters<typeof startRawServer>) {
  const server = await startRawServer(...given);
  closers.push(server.stop);
  return server;
}

beforeAll(async () => {
  w = await world();
});
afterAll(async () => {
  await w.close();
  for (const close of closers) await close();
});

const statusOf = async (name: string) => (await w.must("GET", `/api/v1/servers/${name}`)).status;
const apply = (...documents: object[]) => w.must("POST", "/api/v1/apply", { documents });

test("each fault is said in the server's state with what to do, and the others go on", async () => {
  const misnamed = await serve(modernAnswer, other);
  const selfMade = await serve(modernAnswer, local);
  const moved = await serve(() => reply(307, "", { location: "http://127.0.0.1:9/elsewhere" }));
  const faults: [name: string, fields: object, why: string][] = [
    ["gone", { url: "http://127.0.0.1:9/mcp" }, "it cannot be reached: nothing takes connections at its address"],
    ["unnamed", { url: "http://nowhere.invalid/mcp" }, "resolved"],
    ["clouds", { url: "http://169.254.169.254/mcp" }, "mcpctl edit server clouds, and set `allowPrivate: true`"],
    ["misnamed", { url: misnamed.url, tls: { ca: authority } }, "its certificate is for another name"],
    ["self-made", { url: selfMade.url }, "put that authority's certificate into `tls.ca`"],
    ["moved", { url: moved.url }, "another origin (http://127.0.0.1:9), which is not followed"],
  ];
  const servers = faults.map(([name, fields]) => ({ kind: "server", name, ...fields }));
  await apply({ kind: "server", name: "good", url: good.url }, ...servers, {
    kind: "project",
    name: "demo",
    servers: ["good", ...faults.map(([name]) => name)],
  });
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "demo" });
  const { json: called } = await w.rpc(token, "tools/call", { name: "good__wait", arguments: { ms: 0 } });
  expect(called.result.content[0].text).toBe("waited");
  for (const [name, , why] of faults) {
    await w.until(`${name} is told of`, async () => (await statusOf(name)).state === "ERROR");
    expect([name, (await statusOf(name)).reason]).toEqual([name, expect.stringContaining(why)]);
  }
  expect((await w.cli(["describe", "server", "misnamed"])).out).toContain("its certificate is for another name");
});

test("a token that a server was given and repeats is told to nobody", async () => {
  const given = "given-token-7f3a91";
  const issuer = await serve(() => json({ access_token: given, token_type: "Bearer", expires_in: 300 }));
  const server = await serve(({ said, headers }) =>
    json({ jsonrpc: "2.0", id: said.id, error: { code: -32000, message: `refused: ${headers["authorization"]}` } }),
  );
  const clientSecret = { secretRef: { name: "of-repeating", key: "k" } };
  await apply(
    { kind: "secret", name: "of-repeating", data: { k: "client-secret" } },
    {
      kind: "server",
      name: "repeating",
      url: server.url,
      oauth: { tokenUrl: issuer.url, clientId: "c", clientSecret },
    },
    { kind: "project", name: "repeats", servers: ["repeating"] },
  );
  const { token } = await w.must("POST", "/api/v1/mcptokens", { name: "t", project: "repeats" });
  const listed = (await w.rpc(token, "tools/list")).text;
  expect(listed).toContain("refused: Bearer •••");
  const told = JSON.stringify([listed, await statusOf("repeating"), w.logs]);
  expect(told).not.toContain(given);
});

test("a repaired trust shows without a restart", async () => {
  const server = await serve(modernAnswer, local);
  await apply({ kind: "server", name: "trusted", url: server.url });
  await w.until("it fails", async () => (await statusOf("trusted")).state === "ERROR");
  await apply({ kind: "server", name: "trusted", url: server.url, tls: { ca: authority } });
  await w.until("it runs", w.isRunning("trusted"));
});

test("credentials come out of secrets and go to the issuer, our key to the server, and neither to anybody else", async () => {
  const issuer = await serve(() => json({ access_token: "a-token-given", token_type: "Bearer", expires_in: 600 }));
  const server = await serve(
    ({ headers, ...rest }) =>
      headers["authorization"] === "Bearer a-token-given" ? modernAnswer({ headers, ...rest }) : reply(401),
    { ...local, requestCert: true, rejectUnauthorized: true, ca: [authority] },
  );
  await apply(
    { kind: "secret", name: "vault", data: { client: "a-secret-planted", key: other.key } },
    {
      kind: "server",
      name: "guarded",
      url: server.url,
      tls: { ca: authority, certificate: other.cert, key: { secretRef: { name: "vault", key: "key" } } },
      oauth: {
        tokenUrl: `http://127.0.0.1:${issuer.port}/token`,
        clientId: "mcpctl",
        clientSecret: { secretRef: { name: "vault", key: "client" } },
      },
    },
  );
  await w.until("it runs", w.isRunning("guarded"));
  expect(atob(issuer.arrived[0]?.headers["authorization"]?.slice(6) ?? "")).toBe("mcpctl:a-secret-planted");
  expect(issuer.arrived).toHaveLength(1);
  const seen = [
    (await w.cli(["get", "server", "guarded", "-o", "yaml"])).out,
    (await w.cli(["describe", "server", "guarded"])).out,
    ...w.logs,
  ].join("\n");
  for (const secret of ["a-secret-planted", "a-token-given", "PRIVATE KEY"]) expect(seen).not.toContain(secret);
});

test("a secret that is missing is said to be, and another one opens the conversation anew", async () => {
  const server = await serve(({ headers, ...rest }) =>
    headers["authorization"] === "Bearer second" ? modernAnswer({ headers, ...rest }) : reply(401),
  );
  let key = "first";
  const issuer = await serve(({ headers }) =>
    json({ access_token: atob(headers["authorization"]?.slice(6) ?? "").slice(2), token_type: "Bearer" }),
  );
  const clientSecret = { secretRef: { name: "rotating", key: "k" } };
  const oauth = { tokenUrl: `http://127.0.0.1:${issuer.port}/`, clientId: "c", clientSecret };
  const secret = () => ({ kind: "secret", name: "rotating", data: { k: key } });
  await apply(secret(), { kind: "server", name: "rotated", url: server.url, oauth });
  await w.until("it is refused", async () => (await statusOf("rotated")).state === "ERROR");
  expect((await statusOf("rotated")).reason).toContain("HTTP 401");
  key = "second";
  await apply(secret());
  await w.until("it runs", w.isRunning("rotated"));
});

test("a certificate that is not checked is warned of, when it is written and after", async () => {
  const server = await serve(modernAnswer, other);
  const manifest = { kind: "server", name: "blind", url: server.url, tls: { insecureSkipVerify: true } };
  const applied = await w.cli(["apply", "-f", "-"], { stdin: JSON.stringify(manifest) });
  expect(applied.err).toStartWith("warning: server/blind, tls.insecureSkipVerify takes any certificate: ");
  await w.until("it runs", w.isRunning("blind"));
  expect((await w.cli(["describe", "server", "blind"])).out).toContain("takes any certificate");
});

test.each([
  [
    { headers: [{ name: "AUTHORIZATION", value: "x" }], oauth: true },
    "/headers/0",
    "is what oauth gives: keep one of the two",
  ],
  [{ url: "http://a.test/", tls: {} }, "/tls", "goes only with a url of https"],
  [{ tls: { ca: "secret words" } }, "/tls/ca", "is no certificate in PEM: -----BEGIN CERTIFICATE-----"],
  [{ tls: { certificate: authority } }, "/tls", "give certificate and key together"],
  [{ oauth: true, tokenUrl: "http://[" }, "/oauth/tokenUrl", "is not an address"],
  [{ oauth: true, tokenUrl: "file:///etc/passwd" }, "/oauth/tokenUrl", "is not in the right form"],
])("%j is refused with its place (%s)", async (given, path, message) => {
  const { oauth, tokenUrl = "https://i.test/", ...fields } = given as Record<string, unknown>;
  const client = { tokenUrl, clientId: "c", clientSecret: { secretRef: { name: "vault", key: "client" } } };
  const server = { name: "wrong", url: "https://a.test/", ...fields, ...(oauth === true ? { oauth: client } : {}) };
  const { status, json: said, text } = await w.api("POST", "/api/v1/servers", server);
  expect(status).toBe(422);
  expect(said.fields).toContainEqual({ path, message: expect.stringContaining(message) });
  expect(text).not.toContain("secret words");
});
