import { afterEach, describe, expect, test } from "bun:test";
import { endingAfter } from "../../../src/lib/wheel.ts";
import { createEgress } from "../../../src/mcp/upstream/egress.ts";
import { type HttpTarget, httpClient } from "../../../src/mcp/upstream/http-client.ts";
import { openHttp } from "../../../src/mcp/upstream/negotiate.ts";
import { serverLimitsOf } from "../../../src/resources/limits.ts";
import { type Arrived, json, modernAnswer, reply, startRawServer } from "../../servers/raw-server.ts";
import { call, opening } from "./ways.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const clientSecret = "s3cr3t:ü&=";

/** An issuer that gives t1, t2, … or answers as the test says, and a server that takes those that the test does not take back. */
async function setUp(answer?: (request: Arrived, times: number) => string | Promise<string>) {
  let now = 1_000_000;
  let given = 0;
  const taken = new Set<string>();
  const issuer = await startRawServer(async (request) => {
    given++;
    return answer === undefined
      ? json({ access_token: `t${given}`, token_type: "bearer", expires_in: 600 })
      : await answer(request, given);
  });
  const server = await startRawServer(async (request) => {
    const bearer = request.headers["authorization"] ?? "";
    return taken.has(bearer) ? reply(401) : await modernAnswer(request);
  });
  closers.push(issuer.stop, server.stop);
  const egress = createEgress({ now: () => now }, false);
  const oauth = {
    tokenUrl: `http://127.0.0.1:${issuer.port}/token`,
    clientId: "client 1",
    clientSecret,
    scope: "a b",
    resource: "https://x.test/mcp",
  };
  const target: HttpTarget = { url: server.url, headers: { "x-own": "1" }, oauth, egress };
  const ask = async () => {
    const http = httpClient(target, serverLimitsOf({}));
    return await http.reach({ fields: http.fields({}), body: "{}", ending: endingAfter(10_000) }).then(
      ({ status }) => `${status} ${server.arrived.at(-1)?.headers["authorization"]}`,
      (error: Error) => error.message,
    );
  };
  const advance = (seconds: number) => {
    now += seconds * 1000;
  };
  return { issuer, server, target, taken, ask, advance };
}

const form = (body: string | undefined) => Object.fromEntries(new URLSearchParams(body));

describe("a token", () => {
  test("is asked for as RFC 6749 has it, and goes with each request", async () => {
    const { issuer, server, target } = await setUp();
    const upstream = await openHttp(target, "auto", undefined, opening());
    closers.push(upstream.close);
    expect(await call(upstream, "x", {})).toBe("ok");
    const [asked] = issuer.arrived;
    expect(form(asked?.body)).toEqual({
      grant_type: "client_credentials",
      scope: "a b",
      resource: "https://x.test/mcp",
    });
    expect(atob(asked?.headers["authorization"]?.replace("Basic ", "") ?? "")).toBe("client+1:s3cr3t%3A%C3%BC%26%3D");
    expect(new Set(server.arrived.map(({ headers }) => headers["authorization"]))).toEqual(new Set(["Bearer t1"]));
  });

  test("is asked for once, however many wait", async () => {
    const { issuer, ask } = await setUp(async () => {
      await Bun.sleep(50);
      return json({ access_token: "t", token_type: "Bearer" });
    });
    await Promise.all(Array.from({ length: 100 }, ask));
    expect(issuer.arrived).toHaveLength(1);
  });

  test("is renewed ahead of its end, while the one before goes on", async () => {
    const { issuer, ask, advance } = await setUp();
    await ask();
    advance(539);
    expect([await ask(), issuer.arrived.length]).toEqual(["200 Bearer t1", 1]);
    advance(1);
    expect(await ask()).toBe("200 Bearer t1");
    while (issuer.arrived.length < 2) await Bun.sleep(5);
    await Bun.sleep(50);
    expect([await ask(), issuer.arrived.length]).toEqual(["200 Bearer t2", 2]);
  });

  test("that is over is waited for", async () => {
    const { ask, advance } = await setUp();
    await ask();
    advance(571);
    expect(await ask()).toBe("200 Bearer t2");
  });

  test("that the server does not take is renewed once, and what was refused is sent once more", async () => {
    const { issuer, server, taken, ask, advance } = await setUp();
    await ask();
    advance(60);
    taken.add("Bearer t1");
    expect(await ask()).toBe("200 Bearer t2");
    expect([issuer.arrived.length, server.arrived.length]).toEqual([2, 3]);
  });

  test("that is new and not taken either is not asked for again and again", async () => {
    const { issuer, taken, ask, advance } = await setUp();
    for (const one of ["t1", "t2", "t3"]) taken.add(`Bearer ${one}`);
    expect(await ask()).toBe("401 Bearer t1");
    advance(60);
    expect(await ask()).toBe("401 Bearer t2");
    expect(await ask()).toBe("401 Bearer t2");
    expect(issuer.arrived).toHaveLength(2);
  });
});

describe("an issuer", () => {
  test("that wants the credentials in the body gets them there, from then on at once", async () => {
    const { issuer, ask, advance } = await setUp(({ headers }, times) =>
      headers["authorization"] === undefined
        ? json({ access_token: `t${times}`, token_type: "Bearer", expires_in: 600 })
        : json({ error: "invalid_client" }, 401),
    );
    expect(await ask()).toBe("200 Bearer t2");
    expect(form(issuer.arrived[1]?.body)).toMatchObject({ client_id: "client 1", client_secret: clientSecret });
    advance(600);
    expect([await ask(), issuer.arrived.length]).toEqual(["200 Bearer t3", 3]);
  });

  test.each([
    ["a refusal", json({ error: "invalid_client", error_description: clientSecret }, 401), "client: invalid_client"],
    ["a refused scope", json({ error: "invalid_scope" }, 400), "client: invalid_scope"],
    ["a code that is none", json({ error: `x ${clientSecret}` }, 400), "client: HTTP 400"],
    ["an error page", reply(500, `<p>${clientSecret}`), "client: HTTP 500"],
    ["a redirect", reply(302, "", { location: "https://evil.test/" }), "client: HTTP 302"],
    ["another type", json({ access_token: "t", token_type: "mac" }), "another type than Bearer"],
    ["no token", json({ token_type: "Bearer" }), "no access token"],
    ["a token with a line break", json({ access_token: "t\r\nx: y", token_type: "Bearer" }), "no access token"],
    ["no JSON", reply(200, "access_token=t"), "no access token"],
    ["too much", json({ access_token: "t".repeat(70_000), token_type: "Bearer" }), "over 64 KiB"],
  ])("that gives %s is told of, without the secret, and left alone for a moment", async (_, bytes, why) => {
    const { issuer, server, ask, advance } = await setUp(() => bytes);
    const said = await ask();
    expect(said).toContain("there is no access token from `oauth.tokenUrl`: ");
    expect(said).toContain(why);
    expect(said).not.toContain("s3cr3t");
    const asked = issuer.arrived.length;
    await Promise.all([ask(), ask()]);
    expect([issuer.arrived.length, server.arrived.length]).toEqual([asked, 0]);
    advance(6);
    await ask();
    expect(issuer.arrived.length).toBe(asked * 2);
  });

  test("that is broken takes no token away that is still good", async () => {
    let isBroken = false;
    const { ask, advance } = await setUp((_request, times) =>
      isBroken ? reply(503) : json({ access_token: `t${times}`, token_type: "Bearer", expires_in: 600 }),
    );
    await ask();
    isBroken = true;
    advance(560);
    expect(await ask()).toBe("200 Bearer t1");
    await Bun.sleep(50);
    expect(await ask()).toBe("200 Bearer t1");
  });
});
