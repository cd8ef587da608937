// A faulty server over each transport: how it is started, how its fault begins and ends, and what is left of it.
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBlackHole } from "./black-hole.ts";
import { processesWith } from "./left.ts";
import { startFaultyHttp } from "./upstream-http.ts";

export const transportNames = ["stdio", "http", "sse", "container"] as const;
export type TransportName = (typeof transportNames)[number];

export type Faulty = {
  /** Of the server; `whileOn` where the fault is a matter of what was configured. */
  fields: object;
  whileOn?: object;
  begin: () => void;
  end: () => Promise<void> | void;
  /** The marks of the calls that reached it. */
  calls: () => string[];
  /** Whether the fault is in place, where that takes a while. */
  isInPlace?: (status: Record<string, unknown>) => boolean;
  /** Stands in the command line of each process that it ever started. */
  mark: string;
  stop: () => void;
};

/** `callSeconds` is how long an answer is waited for. */
export type Start = (fault: string, era: string, callSeconds: number) => Promise<Faulty>;

/** A second in place of more: what is waited for is the same. */
const soon = { connectSeconds: 1, absentSeconds: 1 };

const startProcess: Start = async (fault, era, callSeconds) => {
  const dir = mkdtempSync(join(tmpdir(), "mcpctl-fault-"));
  const program = join(dir, "bun");
  symlinkSync(process.execPath, program);
  const isGone = fault === "connection refused";
  const script = join(import.meta.dir, "bad-server.ts");
  const calls = join(dir, "calls");
  return {
    fields: {
      transport: "stdio",
      protocol: era,
      command: [program, script, "--dir", dir, "--fault", fault, "--era", era],
      limits: { ...soon, callSeconds },
    },
    // It is started again after a second, and then not found.
    ...(isGone ? { isInPlace: ({ reason }) => String(reason).includes("program") } : {}),
    begin() {
      if (isGone) rmSync(program);
      writeFileSync(join(dir, "on"), "");
    },
    end() {
      rmSync(join(dir, "on"), { force: true });
      if (isGone) symlinkSync(process.execPath, program);
      if (fault === "black hole") for (const { pid } of processesWith(dir)) process.kill(pid, "SIGCONT");
    },
    calls: () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []),
    mark: dir,
    stop: () => rmSync(dir, { recursive: true, force: true }),
  };
};

const startHttp =
  (transport: "http" | "sse"): Start =>
  async (fault, era, callSeconds) => {
    const server = await startFaultyHttp(transport, fault, era);
    let closeHole = () => {};
    const { port } = server;
    const elsewhere: Record<string, string> = {
      "DNS failure": `http://nowhere.invalid:${port}`,
      "TLS failure": `https://127.0.0.1:${port}`,
    };
    const fields = {
      transport,
      protocol: era,
      url: server.url,
      limits: { ...soon, callSeconds, initializeSeconds: callSeconds },
    };
    return {
      fields,
      ...(elsewhere[fault] === undefined
        ? {}
        : { whileOn: { ...fields, url: server.url.replace(`http://127.0.0.1:${port}`, elsewhere[fault]) } }),
      begin() {
        server.begin();
        if (fault === "connection refused" || fault === "black hole") server.leave();
        if (fault === "black hole") closeHole = openBlackHole(port);
      },
      async end() {
        closeHole();
        await server.end();
      },
      calls: () => server.calls,
      mark: `port ${port}`,
      stop() {
        closeHole();
        server.stop();
      },
    };
  };

/** How a server is started over each of these, as far as this machine can. */
export async function startTransports(names: readonly TransportName[]) {
  const ways: Partial<Record<TransportName, Start>> = {
    stdio: startProcess,
    http: startHttp("http"),
    sse: startHttp("sse"),
  };
  return {
    transports: new Map(names.flatMap((name) => (ways[name] === undefined ? [] : [[name, ways[name]] as const]))),
    missing: [] as string[],
    stop: async (): Promise<void> => {},
  };
}
