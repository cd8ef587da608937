import { hostOf, reachOf } from "../../../lib/address-guard.ts";
import { type Exchange, inShort } from "../exchange.ts";
import { harmless, isServed } from "../ground.ts";
import { NotHere, tried } from "../row.ts";
import type { Probe } from "./probe.ts";

const evil = "mcpctl-probe.invalid";

/** What a web page can try on a server that its user reaches. */
export const door: readonly Probe[] = [
  {
    id: "MCP-SEC-001",
    sends: `a harmless request with Host: ${evil}`,
    over: "http",
    tried: tried(async (speaker, { wire }) => {
      if (!isOfOwnNetwork(wire.url)) return new NotHere("rebinding is for servers of one's own network");
      return await speaker.request(...harmless(speaker), { headers: { host: evil } });
    }, served),
  },
  {
    id: "MCP-SEC-002",
    sends: `a harmless request with Origin: http://${evil}`,
    over: "http",
    tried: tried((speaker) => speaker.request(...harmless(speaker), { headers: { origin: `http://${evil}` } }), served),
  },
  {
    id: "MCP-SEC-003",
    sends: `a preflight (OPTIONS) and a harmless request with Origin: https://${evil}`,
    over: "http",
    tried: tried(
      async (speaker, { wire }) => {
        const origin = `https://${evil}`;
        const asks = { "access-control-request-method": "POST", "access-control-request-headers": "authorization" };
        return [
          await wire.send({ method: "OPTIONS", as: "nobody", headers: { origin, ...asks } }),
          await speaker.request(...harmless(speaker), { headers: { origin } }),
        ];
      },
      (answers) => {
        const given = answers.find(({ headers }) => {
          const allowed = headers.get("access-control-allow-origin") ?? "";
          const isForeign = allowed === "*" || allowed.includes(evil);
          return isForeign && headers.get("access-control-allow-credentials") === "true";
        });
        const allowed = given?.headers.get("access-control-allow-origin");
        return given && `Access-Control-Allow-Origin: ${allowed}, Access-Control-Allow-Credentials: true`;
      },
    ),
  },
  {
    id: "MCP-SEC-004",
    sends: "a harmless request as text/plain, as a page's form may send it",
    over: "http",
    tried: tried(
      (speaker) => speaker.request(...harmless(speaker), { headers: { "content-type": "text/plain" } }),
      served,
    ),
  },
  {
    id: "MCP-SEC-030",
    sends: "GET of a path with markup in it",
    over: "http",
    tried: tried(
      (_speaker, { wire }) =>
        wire.send({
          url: new URL(`/mcpctl-probe?q=${markup}`, wire.url).href,
          method: "GET",
          headers: { accept: "text/html" },
        }),
      (answer) =>
        (answer.headers.get("content-type") ?? "").startsWith("text/html") && answer.text.includes(markup)
          ? inShort(answer)
          : undefined,
    ),
  },
];

const markup = "<mcpctl onx=1>";

function served(answer: Exchange): string | undefined {
  return isServed(answer) ? `it was served: ${inShort(answer)}` : undefined;
}

function isOfOwnNetwork(url: string): boolean {
  const { host, isWritten } = hostOf(new URL(url));
  if (isWritten) return host === "localhost" || reachOf(host) !== "public";
  return !host.includes(".") || /\.(local|lan|home|internal|home\.arpa)$/.test(host);
}
