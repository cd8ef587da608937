import { messageOf, Problem } from "../lib/problem.ts";
import { bodyLimits, idleSeconds } from "./body.ts";
import type { Config } from "./config.ts";

export type Handle = (request: Request) => Response | Promise<Response>;
export type Listening = Bun.Server<unknown>;

/** @throws Problem `conflict` when something else listens there */
export function listenAt({ host, port }: Pick<Config, "host" | "port">, fetch: Handle): Listening {
  try {
    return Bun.serve({
      hostname: host,
      port,
      idleTimeout: idleSeconds,
      maxRequestBodySize: bodyLimits.hard,
      reusePort: false,
      development: false,
      fetch,
    });
  } catch (error) {
    throw new Problem("conflict", `${host}:${port} cannot be listened on: ${messageOf(error)}`, {
      hint: "stop what uses the port, or give another: mcpctl serve --port 3201",
      cause: error,
    });
  }
}

/** Answers where. @throws as above */
export function listen(app: { handle: Handle; server: Listening | null }, at: Pick<Config, "host" | "port">): string {
  app.server = listenAt(at, app.handle);
  return originOf(app.server, at.host);
}

/** Where it is reached from this machine. */
export function originOf({ port }: Listening, host: string): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return `http://${["0.0.0.0", "[::]"].includes(shown) ? "127.0.0.1" : shown}:${port}`;
}
