// A faulty server over each transport: how it is started, how its fault begins and ends, and what is left of it.
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { podman, startEngine } from "../container/podman.ts";
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

const isDown = ({ state }: Record<string, unknown>) => state === "ERROR";

/** A process of bad-server.ts, whatever it runs in: what it shares with us is a folder. */
function faultyProcess(fault: string, callSeconds: number) {
  const dir = mkdtempSync(join(tmpdir(), "mcpctl-fault-"));
  const calls = join(dir, "calls");
  return {
    dir,
    words: (era: string) => ["--dir", dir, "--fault", fault, "--era", era],
    common: (era: string) => ({ transport: "stdio", protocol: era, limits: { ...soon, callSeconds } }),
    begin: () => writeFileSync(join(dir, "on"), ""),
    end() {
      rmSync(join(dir, "on"), { force: true });
      if (fault === "black hole") for (const { pid } of processesWith(dir)) process.kill(pid, "SIGCONT");
    },
    calls: () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []),
    mark: dir,
    stop: () => rmSync(dir, { recursive: true, force: true }),
  };
}

const startProcess: Start = async (fault, era, callSeconds) => {
  const { dir, words, common, ...own } = faultyProcess(fault, callSeconds);
  const program = join(dir, "bun");
  symlinkSync(process.execPath, program);
  const command = [program, join(import.meta.dir, "bad-server.ts"), ...words(era)];
  const fields = { ...common(era), command };
  if (fault === "exit at start") return { ...own, fields, isInPlace: isDown };
  if (fault !== "connection refused") return { ...own, fields };
  return {
    ...own,
    fields,
    begin() {
      rmSync(program);
      own.begin();
    },
    end() {
      own.end();
      symlinkSync(process.execPath, program);
    },
    // It is started again after a second, and then not found.
    isInPlace: ({ reason }) => String(reason).includes("program"),
  };
};

const startContainer =
  (image: string): Start =>
  async (fault, era, callSeconds) => {
    const { dir, words, common, ...own } = faultyProcess(fault, callSeconds);
    const fields = { ...common(era), image, args: words(era), volumes: [`${dir}:${dir}`], network: "none" };
    const gone = { whileOn: { ...fields, image: "localhost/nobody-made-this:1" } };
    if (fault === "exit at start") return { ...own, fields, isInPlace: isDown };
    return fault === "connection refused" ? { ...own, fields, ...gone, isInPlace: isDown } : { ...own, fields };
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

/** How a server is started over each of these, as far as this machine can; `settings` are those of the gateway. */
export async function startTransports(names: readonly TransportName[]) {
  const ways: Partial<Record<TransportName, Start>> = {
    stdio: startProcess,
    http: startHttp("http"),
    sse: startHttp("sse"),
  };
  const needsEngine = names.includes("container");
  const engine = needsEngine && podman !== null ? await startEngine("test/faults/bad-server.ts") : undefined;
  if (engine !== undefined) ways.container = startContainer(engine.image);
  return {
    transports: new Map(names.flatMap((name) => (ways[name] === undefined ? [] : [[name, ways[name]] as const]))),
    settings: engine === undefined ? {} : { "container-socket": engine.socket },
    missing: needsEngine && engine === undefined ? ["podman is not on this machine: no faults in containers"] : [],
    stop: async (): Promise<void> => await engine?.stop(),
  };
}
