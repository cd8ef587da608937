import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Program, startCommand } from "./programs.ts";

/** Programs of other people that put a stdio server behind HTTP, as npm has them. They take no token. */
const versions = { "mcp-proxy": "6.7.19", supergateway: "4.0.0" } as const;
export type PeerName = keyof typeof versions;
export const peerNames = Object.keys(versions) as PeerName[];

/** Beside the project and not in it. */
const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "mcpctl-bench");
const bin = (name: PeerName) => join(folder, "node_modules/.bin", name);

const node = Bun.which("node") ?? process.execPath;
export const peers: Record<PeerName, (command: readonly string[]) => Promise<Program>> = {
  "mcp-proxy": (command) =>
    startCommand(
      (port) => [
        node,
        bin("mcp-proxy"),
        "--host",
        "127.0.0.1",
        "--port",
        String(port),
        "--server",
        "stream",
        "--",
        ...command,
      ],
      "measured",
    ),
  supergateway: (command) =>
    startCommand(
      (port) => [
        ...[node, bin("supergateway"), "--stdio", command.join(" "), "--outputTransport", "streamableHttp"],
        ...["--stateful", "--logLevel", "none", "--port", String(port)],
      ],
      "measured",
    ),
};

/** Those that are there; with `fetch` the others are brought from npm first. What cannot be had is told of and left out. */
export function peersHere(fetch: boolean): PeerName[] {
  const absent = peerNames.filter((name) => !existsSync(bin(name)));
  if (fetch && absent.length > 0) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: versions }));
    Bun.spawnSync([process.execPath, "install"], { cwd: folder, stdout: "ignore", stderr: "ignore" });
  }
  const missing = peerNames.filter((name) => !existsSync(bin(name)));
  if (missing.length > 0)
    process.stdout.write(
      `without ${missing.join(" and ")}: ${fetch ? "npm does not give them" : "--peers brings them"}\n`,
    );
  return peerNames.filter((name) => !missing.includes(name));
}
