// Also CVE-2026-14537: what a caller may do was checked by the newest protocol's handler alone.
import { afterAll } from "bun:test";
import { revisions, target } from "./target.ts";
import { weakness } from "./weakness.ts";

/** Calls a tool as a revision does; answers whether it reached the server. */
type Handler = (revision: string, tool: string) => Promise<boolean>;

const opened = target({ tools: ["up/echo"] });
afterAll(async () => await (await opened)[Symbol.asyncDispose]());

weakness<Handler>("GHSA-5gf6-gc35-xjpc", {
  what: "a tool that a token may not use is closed in every revision and by every name, and the others are open",
  async check(handler) {
    const wrong: string[] = [];
    for (const revision of Object.keys(revisions)) {
      for (const tool of ["up__env", "up/env", "up__fail"])
        if (await handler(revision, tool)) wrong.push(`${revision}: ${tool}`);
      for (const tool of ["up__echo", "up/echo"])
        if (!(await handler(revision, tool))) wrong.push(`${revision}: ${tool}`);
    }
    return wrong;
  },
  async ours() {
    const { send, calls } = await opened;
    return async (revision, tool) => {
      const before = calls();
      await send(revisions[revision]?.(tool) ?? {});
      return calls() > before;
    };
  },
  vulnerable: () => async (revision, tool) => revision !== "2026-07-28" || tool.endsWith("echo"),
});
