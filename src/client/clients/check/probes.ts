import { bodyOf, CheckFailure, type CheckStep, credential, send } from "./visit.ts";

/** LibreChat asks without the token at its start, and takes a refused HEAD, or the word "bearer" in a challenge, for "this wants a login". */
export const headProbe: CheckStep = {
  name: "HEAD without token",
  async run(visit) {
    const head = await send(visit, visit.url, { method: "HEAD" });
    if (head.status === 401 || head.status === 403)
      throw new CheckFailure(
        "contract",
        `HTTP ${head.status} to HEAD: without requiresOAuth: false the client asks for a login`,
      );
    const body = await send(visit, visit.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    await body.body?.cancel();
    if (/bearer/i.test(body.headers.get("www-authenticate") ?? ""))
      throw new CheckFailure(
        "contract",
        "its challenge names Bearer: without requiresOAuth: false the client asks for a login",
      );
    return `${head.status}, and ${body.status} to a POST: no login is asked for`;
  },
};

const asked = ["authorization", "content-type", "mcp-session-id", "mcp-protocol-version"];

/** A page's browser asks before it sends: without leave the page sees nothing but "network error". */
export const preflight: CheckStep = {
  name: "OPTIONS",
  async run(visit) {
    const { origin } = visit;
    const response = await send(visit, visit.url, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": asked.join(", "),
      },
    });
    await response.body?.cancel();
    const allowed = response.headers.get("access-control-allow-origin");
    if (!response.ok || (allowed !== origin && allowed !== "*"))
      throw new CheckFailure(
        "reach",
        `HTTP ${response.status}: pages of ${origin} are not let in (mcpctl serve --allowed-origins ${origin}; --origin if the page is elsewhere)`,
      );
    const headers = (response.headers.get("access-control-allow-headers") ?? "")
      .toLowerCase()
      .split(",")
      .map((name) => name.trim());
    const missing = asked.filter(
      (name) => !headers.includes(name) && (!headers.includes("*") || name === "authorization"),
    );
    if (missing.length > 0) throw new CheckFailure("contract", `the page may not send ${missing.join(", ")}`);
    // A page says with each request where it comes from.
    visit.headers["origin"] = origin;
    return `pages of ${origin} are let in`;
  },
};

/** mcp-remote begins with a GET that says nothing of streams, and with the addresses at which a login would be found. */
export const plainGet: CheckStep = {
  name: "well-known",
  async run(visit) {
    const first = await send(visit, visit.url, { headers: credential(visit) });
    await first.body?.cancel();
    if (first.status === 401)
      throw new CheckFailure("reach", "HTTP 401: the token is refused, and the client would go round in circles");
    const { origin, pathname } = new URL(visit.url);
    for (const path of [
      `/.well-known/oauth-protected-resource${pathname}`,
      "/.well-known/oauth-authorization-server",
    ]) {
      const response = await send(visit, origin + path, {});
      const text = await bodyOf(response, 1_000);
      if (response.ok && !text.trimStart().startsWith("{"))
        throw new CheckFailure("contract", `${path} is answered with something else than JSON`);
      if (response.ok) return `${path} names a login, which the client will ask for`;
    }
    return "no login is found";
  },
};
