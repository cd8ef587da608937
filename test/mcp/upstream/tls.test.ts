import { afterEach, describe, expect, test } from "bun:test";
import { endingAfter } from "../../../src/lib/wheel.ts";
import { createEgress } from "../../../src/mcp/upstream/egress.ts";
import { type HttpTarget, httpClient } from "../../../src/mcp/upstream/http-client.ts";
import { openHttp } from "../../../src/mcp/upstream/negotiate.ts";
import { serverLimitsOf } from "../../../src/resources/limits.ts";
import { authority, expired, local, named, other, selfSigned } from "../../servers/certificates.ts";
import { type Answer, json, modernAnswer, reply, startRawServer } from "../../servers/raw-server.ts";
import { call, opening } from "./ways.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(
  pair: { cert: string; key: string },
  more: object = {},
  answer: Answer = () => reply(200, "here"),
) {
  const server = await startRawServer(answer, { ...pair, ...more });
  closers.push(server.stop);
  return server;
}

/** All names lead to this machine. */
const egress = createEgress({ now: () => 0 }, false, async () => ["127.0.0.1"]);

async function get(url: string, more: Partial<HttpTarget> = {}) {
  const http = httpClient({ url, headers: {}, allowPrivate: true, egress, ...more }, serverLimitsOf({}));
  return await http.reach({ method: "GET", fields: http.fields({}), ending: endingAfter(5_000), opens: true }).then(
    (answer) => answer.text(10_000),
    (error: Error) => error.message,
  );
}

const at = (port: number) => `https://name.test:${port}/mcp`;
const trusted = { tls: { ca: authority } };

describe("a certificate", () => {
  test("is checked for the name, though an address is connected to; a hundred calls are one connection", async () => {
    const server = await serve(named, {}, modernAnswer);
    const target = { url: at(server.port), headers: {}, allowPrivate: true, egress, ...trusted };
    const upstream = await openHttp(target, "auto", undefined, opening());
    closers.push(upstream.close);
    for (let i = 0; i < 100; i++) expect(await call(upstream, "x", {})).toBe("ok");
    const { socket, headers } = server.arrived[0] ?? {};
    const { servername } = socket as { servername?: unknown };
    expect([server.connections(), servername, headers?.["host"]]).toEqual([1, "name.test", `name.test:${server.port}`]);
  });

  test("for another name is refused, also when it is one of the address that is connected to", async () => {
    for (const pair of [other, local]) {
      const server = await serve(pair);
      expect(await get(at(server.port), trusted)).toContain("its certificate is for another name; ");
      expect(server.arrived).toEqual([]);
    }
  });

  test("for another name is taken where that name is said", async () => {
    const server = await serve(other);
    expect(await get(at(server.port), { tls: { ca: authority, serverName: "other.test" } })).toBe("here");
    // The connection that is open now is for that name alone.
    expect(await get(at(server.port), trusted)).toContain("for another name");
  });

  test.each([
    ["that has expired", expired, trusted, "its certificate has expired"],
    ["that signed itself", selfSigned, trusted, "signed by itself or by an authority that is not known here"],
    ["of an unknown authority", named, {}, "of an authority that is not known here; put"],
  ])("%s is refused, and what to do is said", async (_, pair, tls, why) => {
    const server = await serve(pair);
    expect(await get(at(server.port), tls)).toContain(why);
    expect(server.arrived).toEqual([]);
  });

  test("that signed itself is taken where it is known", async () => {
    const server = await serve(selfSigned);
    expect(await get(at(server.port), { tls: { ca: selfSigned.cert } })).toBe("here");
  });

  test("of any kind is taken where that is said, and nowhere else", async () => {
    const server = await serve(expired);
    expect(await get(at(server.port), { tls: { insecureSkipVerify: true } })).toBe("here");
    expect(await get(server.url, { tls: { insecureSkipVerify: true } })).toBe("here");
    expect(await get(at(server.port), trusted)).toContain("has expired");
    expect(await get(at(server.port))).toContain("its certificate");
  });

  test("of an address is checked for the address", async () => {
    const server = await serve(local);
    expect(await get(server.url, trusted)).toBe("here");
    expect(await get(`https://localhost:${server.port}/`, trusted)).toBe("here");
    expect(await get(`https://127.0.0.2:${server.port}/`, trusted)).not.toBe("here");
  });
});

test("our own certificate is shown where it is set, and only there", async () => {
  const server = await serve(named, { requestCert: true, rejectUnauthorized: true, ca: [authority] });
  const { cert: certificate, key } = other;
  expect(await get(at(server.port), trusted)).toContain("`tls.certificate` and `tls.key`");
  expect(await get(at(server.port), { tls: { ca: authority, certificate, key } })).toBe("here");
  expect(await get(at(server.port), trusted)).toContain("`tls.certificate` and `tls.key`");
  const broken = { ca: authority, certificate, key: named.key };
  expect(await get(at(server.port), { tls: broken })).toContain("not belong together");
});

test("an issuer is trusted by the server's authorities and the system's, never without a check", async () => {
  const issuer = await serve(named, {}, () => json({ access_token: "t", token_type: "Bearer" }));
  const server = await startRawServer(({ headers }) => reply(200, headers["authorization"]));
  closers.push(server.stop);
  const oauth = { tokenUrl: `https://name.test:${issuer.port}/token`, clientId: "c", clientSecret: "s" };
  expect(await get(server.url, { oauth, ...trusted })).toBe("Bearer t");
  expect(await get(server.url, { oauth, tls: { insecureSkipVerify: true } })).toContain("authority that is not known");
});

test("the wrong scheme is said to be one", async () => {
  const secure = await serve(local);
  const plain = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("here") });
  closers.push(() => plain.stop(true));
  expect(await get(`https://127.0.0.1:${plain.port}/`)).toContain("it does not speak TLS there");
  expect(await get(`http://127.0.0.1:${secure.port}/`)).toContain("it cannot be reached: ");
});
