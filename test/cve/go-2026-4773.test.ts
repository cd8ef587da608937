// A page of somebody else's makes its visitor's browser call tools by a simple request, which no browser asks about beforehand.
import { afterAll } from "bun:test";
import { call, target } from "./target.ts";
import { weakness } from "./weakness.ts";

type Endpoint = (type: string | undefined, credentials: Record<string, string>) => Promise<boolean>;

const simple = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", undefined, ""];
const others = [
  "text/json",
  "application/json-rpc",
  "application/json2",
  "text/plain; application/json",
  "text/plain, application/json",
];

const opened = target();
afterAll(async () => await (await opened)[Symbol.asyncDispose]());

weakness<Endpoint>("GO-2026-4773", {
  what: "only application/json is read, and a cookie opens nothing",
  async check(endpoint) {
    const wrong: string[] = [];
    const { bearer } = await opened;
    for (const type of [...simple, ...others])
      if (await endpoint(type, { authorization: `Bearer ${bearer}` })) wrong.push(String(type));
    for (const cookie of [`token=${bearer}`, `authorization=Bearer ${bearer}`, `mcpctl_session=${bearer}`])
      if (await endpoint("application/json", { cookie })) wrong.push("a cookie");
    return wrong;
  },
  async ours() {
    const { w, calls } = await opened;
    return async (type, credentials) => {
      const before = calls();
      const headers = { ...credentials, ...(type === undefined ? {} : { "content-type": type }) };
      const body = new TextEncoder().encode(call());
      await w.fetch(new Request(`${w.url}/projects/demo/mcp`, { method: "POST", headers, body }));
      return calls() > before;
    };
  },
  vulnerable:
    () =>
    async (_type, { authorization = "", cookie = "" }) =>
      /mcpctl_pat_/.test(authorization + cookie),
});
