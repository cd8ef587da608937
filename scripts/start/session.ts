import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { defaultOrigin } from "../../src/lib/credentials-file.ts";

/** What an example needs of the mcpctl that serves it: the command line, a token of its project, and the project's MCP endpoint. */
export type Session = {
  url: string;
  /** Where tokens are kept between two starts: the data folder. */
  folder: string;
  executable: string;
  env: Record<string, string | undefined>;
  /** Once it serves no more. */
  over: AbortSignal;
  say: (text: string) => void;
};

/** An example that `npm start -- --example NAME` shows. Answers once there is nothing more to say. */
export type Example = { summary: string; log?: "warn" | "error"; show: (session: Session) => Promise<void> };

/** How a second terminal calls mcpctl, which finds the usual port by itself and no other. */
export const typed = ({ url }: Pick<Session, "url">): string =>
  `${url === defaultOrigin ? "" : `MCPCTL_URL=${url} `}./dist/mcpctl`;

export function mcpctl({ executable, url, env }: Session, ...words: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync([executable, ...words, "--url", url], { env });
  if (exitCode !== 0) throw new Error(`mcpctl ${words.join(" ")} ended with ${exitCode}:\n${stderr.toString()}`);
  return stdout.toString();
}

/** The token of an earlier start when it still works; else a new one, kept for the next start in a file of its owner alone. */
export function tokenFor(session: Session, project: string, name: string): { token: string; isNew: boolean } {
  const { url, folder, executable, env } = session;
  const path = `${folder}/${name}-token`;
  const kept = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  if (kept !== "" && Bun.spawnSync([executable, "test", "mcp", `${url}/mcp`, "--token", kept], { env }).exitCode === 0)
    return { token: kept, isNew: false };
  const token = mcpctl(session, "token", "create", name, "-p", project, "--force", "--quiet").trim();
  writeFileSync(path, token, { mode: 0o600 });
  return { token, isNew: true };
}

/** One request of a client, to the endpoint of the token's project. @throws Error when it is refused */
export async function ask<T>({ url }: Session, token: string, method: string, params: object = {}): Promise<T> {
  const response = await fetch(`${url}/mcp`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: T; error?: unknown };
  if (result === undefined) throw new Error(`${method} failed: ${JSON.stringify(error)}`);
  return result;
}

export type Listed = {
  tools: { name: string }[];
  _meta?: { "mcpctl/missing"?: { server: string; reason: string }[] };
};

/** Asks until all these servers have tools: a first start fetches them. */
export async function listed(session: Session, token: string, servers: readonly string[]): Promise<Listed> {
  const until = Date.now() + 120_000;
  for (;;) {
    const list = await ask<Listed>(session, token, "tools/list");
    const absent = servers.find((server) => !list.tools.some(({ name }) => name.startsWith(`${server}__`)));
    if (absent === undefined) return list;
    if (Date.now() > until)
      throw new Error(`"${absent}" has no tools after two minutes: ${missing(list, absent) ?? "it was not said why"}`);
    await Bun.sleep(200);
  }
}

/** Why a server is not in a list, as the list says. */
export const missing = ({ _meta }: Listed, server: string): string | undefined =>
  _meta?.["mcpctl/missing"]?.find((each) => each.server === server)?.reason.replace(`server "${server}": `, "");
