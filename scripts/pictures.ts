// Takes the pictures of docs/pictures anew: real commands of the built executable in a real terminal, drawn as SVG. `bun scripts/pictures.ts`
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { drawn } from "./pictures/drawn.ts";

const columns = 100;
const executable = resolve("dist/mcpctl");
const home = mkdtempSync(join(tmpdir(), "mcpctl-pictures-"));
const url = "http://127.0.0.1:3200";
const env = {
  ...process.env,
  HOME: home,
  PATH: `${join(executable, "..")}:${process.env["PATH"]}`,
  TERM: "xterm-256color",
};

const manifest = `
kind: server
name: files
packageName: "@modelcontextprotocol/server-filesystem@2026.8.31"
args: ["${home}"]
description: Files of this machine
---
kind: server
name: everything
packageName: "@modelcontextprotocol/server-everything@2026.8.31"
description: One of each
---
kind: server
name: wiki
command: ["sh", "-c", "echo 'WIKI_TOKEN is not set' >&2; exit 3"]
description: Lacks its token
---
kind: project
name: demo
servers: [files, everything, wiki]
`;

/** A picture: its name, and what is typed. */
const pictures: Record<string, string[]> = {
  status: ["mcpctl status"],
  first: ["mcpctl get servers", "mcpctl describe server wiki"],
  clients: ["mcpctl config claude-code -p demo --check --token $TOKEN"],
  test: ["mcpctl test mcp http://127.0.0.1:3200/mcp --token $TOKEN --expect-tools files__read_text_file"],
  diff: ["mcpctl diff -f changed.yaml"],
};

/** What a command prints on a terminal of so many columns, colours and all. */
function typed(command: string): string {
  const { stdout } = Bun.spawnSync(["script", "-qec", `stty cols ${columns} rows 50; ${command}`, "/dev/null"], {
    env,
    cwd: home,
    stdin: "ignore",
  });
  return stdout.toString().replaceAll("\r\n", "\n").replaceAll(home, "/srv/docs").trimEnd();
}

const serve = Bun.spawn([executable, "serve", "--log", "silent"], {
  env,
  cwd: home,
  stdout: "ignore",
  stderr: "inherit",
});
try {
  writeFileSync(join(home, "demo.yaml"), manifest);
  writeFileSync(
    join(home, "changed.yaml"),
    manifest.replace("One of each", "One of everything").replace(", wiki]", "]"),
  );
  const mcpctl = (...words: string[]) => Bun.spawnSync([executable, ...words], { env, cwd: home }).stdout.toString();
  while (!(await fetch(`${url}/readyz`).catch(() => undefined))) await Bun.sleep(100);
  mcpctl("apply", "-f", "demo.yaml");
  while (mcpctl("get", "servers").match(/RUNNING/g)?.length !== 2) await Bun.sleep(200);
  const token = mcpctl("token", "create", "laptop", "-p", "demo", "--quiet").trim();
  mkdirSync("docs/pictures", { recursive: true });
  for (const [name, commands] of Object.entries(pictures)) {
    const shown = commands.map(
      (command) => `\u001b[1m$ ${command}\u001b[22m\n${typed(command.replace("$TOKEN", token))}`,
    );
    await Bun.write(`docs/pictures/${name}.svg`, drawn(shown.join("\n\n"), columns, commands.join(", ")));
  }
} finally {
  serve.kill();
  await serve.exited;
  rmSync(home, { recursive: true, force: true });
}
