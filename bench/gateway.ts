import { type RealServe, realServe } from "../test/delivery/real-serve.ts";
import { pin } from "./cores.ts";
import type { Door } from "./load/speech.ts";

const MiB = 1024 * 1024;
/** What is offered at once here is more than one token or one server is given by itself. */
export const wide = {
  server: { inFlight: 512, messageBytes: 64 * MiB, lineBytes: 64 * MiB, elements: 5_000_000 },
  project: { inFlight: 1_000, sessions: 10_000, messageBytes: 16 * MiB, elements: 5_000_000 },
} as const;

/** `serve` as it is shipped, with authentication, rights, audit and metrics, on a core of its own. */
export type Gateway = {
  serve: RealServe;
  pid: () => number;
  port: number;
  apply: (servers: readonly object[], projects: readonly object[]) => Promise<void>;
  /** The project of a new token. */
  doorOf: (project: string) => Promise<Door>;
  /** Ends it and starts it again on the same data. */
  restart: () => Promise<void>;
  close: () => Promise<void>;
};

export async function startGateway(options: Parameters<typeof realServe>[0] = {}): Promise<Gateway> {
  const serve = await realServe(options);
  const port = Number(new URL(serve.url).port);
  pin(serve.pid(), "measured");
  let minted = 0;
  return {
    serve,
    pid: serve.pid,
    port,
    async apply(servers, projects) {
      const documents = [
        ...servers.map((server) => ({ kind: "server", limits: wide.server, ...server })),
        ...projects.map((project) => ({ kind: "project", limits: wide.project, ...project })),
      ];
      // A body has a bound.
      for (let n = 0; n < documents.length; n += 100)
        await serve.must("POST", "/api/v1/apply", { documents: documents.slice(n, n + 100) });
    },
    async doorOf(project) {
      const { token } = await serve.must("POST", "/api/v1/mcptokens", { name: `bench-${++minted}`, project });
      return { port, path: "/mcp", headers: { authorization: `Bearer ${token}` } };
    },
    async restart() {
      await serve.kill("SIGTERM");
      await serve.start();
      pin(serve.pid(), "measured");
    },
    close: async () => await serve[Symbol.asyncDispose](),
  };
}
