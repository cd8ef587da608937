import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { run } from "../../src/cli/run.ts";
import { version } from "../../src/lib/version.ts";
import { envWith } from "../env.ts";
import { authority, expired, local, other } from "../servers/certificates.ts";

/** Servers of every habit that a command line may meet, on sockets of this machine. */
const home = mkdtempSync(join(tmpdir(), "mcpctl-reaching-"));
const servers: Bun.Server<undefined>[] = [];
const serve = (fetch: () => Response | Promise<Response>, tls?: { cert: string; key: string }): string => {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch, ...(tls && { tls }) });
  servers.push(server);
  return `http${tls === undefined ? "" : "s"}://127.0.0.1:${server.port}`;
};
const me = () =>
  Response.json({ subject: "User:ann@example.com", bindings: [] }, { headers: { "x-request-id": "r-1" } });
const problem = (status: number, body: object, server = version) =>
  Response.json({ requestId: "r-2", status, ...body }, { status, headers: { "x-mcpctl-version": server } });
const at: Record<string, string> = {};

beforeAll(() => {
  writeFileSync(join(home, "authority.pem"), authority);
  at["trusted"] = serve(me, local);
  at["expired"] = serve(me, expired);
  at["other"] = serve(me, other);
  at["plain"] = serve(me);
  at["html"] = serve(() => new Response("<h1>hi", { status: 502, headers: { "content-type": "text/html" } }));
  at["words"] = serve(() => new Response("hello"));
  at["list"] = serve(() => Response.json({ items: [{ nothing: 1 }] }));
  at["redirect"] = serve(() => Response.redirect("https://login.example.com/?next=1", 302));
  at["ended"] = serve(() =>
    problem(401, { code: "unauthenticated", detail: "This login has expired", hint: "mcpctl login" }),
  );
  at["broken"] = serve(() => problem(500, { code: "internal", title: "Something broke" }));
  const none = { code: "not_found", detail: "There is nothing at this address" };
  at["newer"] = serve(() => problem(404, none, "7.1.0"));
  at["older"] = serve(() => Response.json(none, { status: 404 }));
  at["same"] = serve(() => problem(404, none));
  at["missing"] = serve(() => problem(404, { code: "not_found", detail: 'there is no server "x"' }, "7.1.0"));
  at["field"] = serve(() =>
    problem(
      422,
      { code: "invalid", detail: "no", fields: [{ path: "/x", message: "there is no such field" }] },
      "7.1.0",
    ),
  );
  at["refused"] = "http://127.0.0.1:9";
  at["unknown"] = "http://no-such-machine.invalid";
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop(true)));
  rmSync(home, { recursive: true, force: true });
});

async function cli(words: string[], variables: Record<string, string> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const env = envWith({
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    variables,
    home: join(home, ".mcpctl"),
    fetch: (request, options) => fetch(request, { ...options }),
  });
  const code = await run([...words, "--token", "mcpctl_ses_secret"], env);
  expect([...out, ...err].join("\n")).not.toContain("mcpctl_ses_secret");
  return { code, out: out.join("\n"), err: err.join("\n") };
}
const ca = ["--ca", join(home, "authority.pem")];

describe("a server that cannot be talked to is told by what is wrong, with what to do", () => {
  test.each<[string, string[], number, string, string]>([
    ["refused", [], 8, "nothing listens there", "mcpctl serve"],
    ["unknown", [], 8, "no machine is known by that name", "mcpctl context list"],
    ["trusted", [], 8, "is signed by nobody that is trusted here", "--ca FILE"],
    ["expired", ca, 8, "has expired", "renew it"],
    ["other", ca, 8, "is for another name", "use the name that stands in it"],
    ["html", [], 8, "answered a web page with HTTP 502; is it an mcpctl?", "mcpctl context list"],
    ["words", [], 8, "with something else than JSON", "mcpctl context list"],
    ["redirect", [], 8, "sends to https://login.example.com", "mcpctl login https://login.example.com"],
    ["ended", [], 4, "This login has expired", "mcpctl login http://127.0.0.1:"],
    ["broken", [], 1, "Something broke", "request: r-2"],
  ])("%s", async (name, flags, code, words, next) => {
    const said = await cli(["whoami", "--url", at[name] ?? "", ...flags]);
    expect([said.code, said.out]).toEqual([code, ""]);
    expect(said.err).toContain(words);
    expect(said.err).toContain(next);
    expect(said.err.split("\n").length).toBeLessThan(4);
  });

  test("http and https are not taken for one another", async () => {
    expect((await cli(["whoami", "--url", at["plain"]?.replace("http:", "https:") ?? ""])).err).toContain(
      "does not speak TLS",
    );
    expect((await cli(["whoami", "--url", at["trusted"]?.replace("https:", "http:") ?? ""])).err).toContain(
      "write https://",
    );
    expect((await cli(["get", "servers", "--url", at["list"] ?? ""])).err).toContain("in a shape of its own");
  });

  test("a proxy that was asked is named", async () => {
    const { err } = await cli(["whoami", "--url", "http://no-such-machine.invalid"], {
      http_proxy: "http://127.0.0.1:9",
    });
    expect(err).toContain("(asked through the proxy of http_proxy; NO_PROXY names who is asked directly)");
  });
});

test("an authority by flag, by variable and by context; what is not checked is warned of each time", async () => {
  const url = ["whoami", "-q", "--url", at["trusted"] ?? ""];
  const ann = { code: 0, out: "User:ann@example.com", err: "" };
  expect(await cli([...url, ...ca])).toEqual(ann);
  expect(await cli(url, { MCPCTL_CA_FILE: join(home, "authority.pem") })).toEqual(ann);
  const unchecked = {
    ...ann,
    err: expect.stringContaining(`warning: the certificate of ${at["trusted"]} is not checked`),
  };
  expect(await cli([...url, "--insecure-skip-verify"])).toEqual(unchecked);
  expect((await cli(["login", at["trusted"] ?? "", "--name", "home", ...ca])).code).toBe(0);
  expect(await cli(["whoami", "-q"])).toEqual(ann);
  expect((await cli(["context", "set", "--ca", "", "--insecure-skip-verify"])).code).toBe(0);
  expect(await cli(["whoami", "-q"])).toEqual(unchecked);
  expect((await cli(["context", "set", "--verify"])).code).toBe(0);
  expect((await cli(["whoami", "-q"])).code).toBe(8);
});

test("--verbose tells each request with its id, and of a refusal the id in the server's log", async () => {
  expect((await cli(["whoami", "-v", "--url", at["plain"] ?? ""])).err).toMatch(
    /^GET \/api\/v1\/auth\/whoami → 200 in \d+ ms \(request r-1\)/,
  );
  expect((await cli(["whoami", "-v", "--url", at["ended"] ?? ""])).err).toEndWith("\nrequest: r-2");
  expect((await cli(["whoami", "--verbose", "--url", at["refused"] ?? ""])).err).toContain("→ no answer in");
  const pasted = await cli(["get", "server", "mcpctl_pat_pasted", "-v", "--url", at["missing"] ?? ""]);
  expect(pasted.err).not.toContain("mcpctl_pat_pasted");
});

describe("a server of another version", () => {
  test.each<[string, boolean, string]>([
    ["newer", true, `(this is mcpctl ${version}, the server is 7.1.0)`],
    ["older", true, "of a version that it does not tell"],
    ["field", true, `or bring the server to ${version}`],
    ["missing", false, "this is mcpctl"],
    ["same", false, "this is mcpctl"],
  ])("%s", async (name, isSaid, words) => {
    const { code, err } = await cli(["get", "server", "x", "--quiet", "--url", at[name] ?? ""]);
    expect([code, err.includes(words)]).toEqual([name === "field" ? 2 : 6, isSaid]);
  });

  test("is warned of once, and not where one thing is wanted", async () => {
    const said = (await cli(["get", "servers/x", "servers/y", "--url", at["missing"] ?? ""])).err;
    expect(said.split("warning: this is mcpctl").length).toBe(2);
    expect((await cli(["get", "servers/x", "-q", "--url", at["missing"] ?? ""])).err).not.toContain("warning");
  });
});

test("with -o json, and nobody there to read, the problem is the last line", async () => {
  const { code, out, err } = await cli(["get", "server", "x", "-o", "json", "--url", at["missing"] ?? ""]);
  expect([code, out]).toEqual([6, ""]);
  expect(JSON.parse(err.split("\n").at(-1) ?? "")).toMatchObject({
    code: "not_found",
    detail: 'there is no server "x"',
    exit: 6,
    requestId: "r-2",
  });
});

test("what is for this machine is not sent to a proxy, with the login that is in it", async () => {
  const main = resolve(import.meta.dir, "../../src/main.ts");
  const child = Bun.spawn([process.execPath, main, "whoami", "-q", "--url", at["plain"] ?? ""], {
    env: { PATH: process.env["PATH"], HOME: home, HTTP_PROXY: at["words"], MCPCTL_TOKEN: "x" },
    stderr: "pipe",
  });
  expect(await new Response(child.stdout).text()).toBe("User:ann@example.com\n");
});
