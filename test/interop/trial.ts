import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Client, Place, Programs } from "./clients.ts";
import { callsWith, type Gateway, program } from "./gateway.ts";
import { startModel } from "./model.ts";
import { spoken, startTap } from "./tap.ts";

const patienceMs = 120_000;

/** What one client did. `wrong` says in words what it did not; nothing in it is a client that works. */
export type Trial = {
  version: string | undefined;
  listed: boolean;
  called: boolean;
  ms: number;
  /** What the gateway heard, in order. */
  heard: string[];
  /** How `near__echo` is called before a model. */
  shownAs: string | undefined;
  wrong: string[];
};

/** Lets one client list and call through the gateway, in a home of its own, and clears away all that it left running. */
export async function tryClient(client: Client, gateway: Gateway, programs: Programs, node: string): Promise<Trial> {
  const marker = `m${crypto.randomUUID().replaceAll("-", "")}`;
  const home = mkdtempSync(join(tmpdir(), `mcpctl-client-${client.name}-`));
  const tap = await startTap(gateway.url);
  const model = startModel([
    { tool: /near_+echo$/, args: { text: marker } },
    { tool: /everything_+echo$/, args: { message: marker } },
  ]);
  const place: Place = {
    ...{ url: `${tap.url}/projects/demo/mcp`, token: gateway.token },
    ...{ home, model: model.url, marker },
  };
  const startedAt = performance.now();
  try {
    for (const [name, content] of Object.entries(client.files?.(place) ?? {})) {
      mkdirSync(dirname(join(home, name)), { recursive: true });
      writeFileSync(join(home, name), typeof content === "string" ? content : JSON.stringify(content));
    }
    const wrong: string[] = await setUp(client, place, tap.url);
    const settled = tap.heard().length;
    const attempt = (words: string[]) => {
      const program = words[0]?.startsWith("/") === true ? words : [programs(client.name), ...words];
      return output(program, home, environment(client, place, node));
    };
    const run = async (words: string[]) => {
      const { code, text } = await attempt(words);
      if (code !== 0) wrong.push(`${words.slice(0, 3).join(" ")} ended with ${code}: ${text.slice(-500)}`);
      return text;
    };
    const opening = client.opens?.(place);
    for (let left = 3; opening !== undefined && left > 0; left--) if ((await attempt(opening)).code === 0) break;
    if (client.checks !== undefined && !/connected/i.test(await run(client.checks)))
      wrong.push("it says it is not connected");
    let printed = "";
    for (const words of client.runs(place, programs)) printed += await run(words);
    const ms = performance.now() - startedAt;

    const heard = tap.heard().slice(settled);
    const version = spoken(heard);
    const names = printed + [...model.offered].join();
    const listed =
      heard.some(({ rpc }) => rpc === "tools/list") && /near_+echo/.test(names) && /everything_+echo/.test(names);
    const called = callsWith(gateway, marker) === 1 && printed.includes(`Echo: ${marker}`);
    if (!listed) wrong.push("it did not list the tools");
    if (!called)
      wrong.push(
        `${callsWith(gateway, marker)} of its calls reached the server, and it ended with: ${printed.slice(-500)}`,
      );
    if (version !== client.speaks) wrong.push(`it spoke ${version} where it speaks ${client.speaks}`);
    // What is printed must not give the token away.
    const said = heard.map(({ verb, path, rpc }) => rpc ?? (path === "/projects/demo/mcp" ? verb : `${verb} ${path}`));
    const shownAs = [...model.offered].find((name) => /near_+echo$/.test(name));
    return {
      shownAs,
      version,
      listed,
      called,
      ms,
      heard: said,
      wrong: wrong.map((text) => text.replaceAll(gateway.token, "TOKEN")),
    };
  } finally {
    tap.stop();
    model.stop();
    endAllOf(home);
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** As a person does it: mcpctl writes the client's file, and then goes its first steps. Answers what went wrong. */
async function setUp({ row, keepsToken }: Client, { home, token }: Place, endpoint: string): Promise<string[]> {
  if (row === undefined) return [];
  const env = { PATH: "/usr/bin:/bin", HOME: home, ...(keepsToken === true ? {} : { MCPCTL_TOKEN: token }) };
  const config = (...words: string[]) =>
    output([...program, "config", row, "-p", "demo", "--name", "gw", "--endpoint", endpoint, ...words], home, env);
  const written = await config("--write", ...(keepsToken === true ? ["--token", token] : []));
  const checked = await config("--check");
  return [written, checked].flatMap(({ code, text }) =>
    code === 0 ? [] : [`mcpctl config ended with ${code}: ${text}`],
  );
}

/** Nothing of this machine's own environment; and no way out but to loopback, for those that ask the environment for the way. */
function environment(client: Client, place: Place, node: string): Record<string, string> {
  const nowhere = "http://127.0.0.1:9";
  return {
    PATH: `${node}:/usr/local/bin:/usr/bin:/bin`,
    HOME: place.home,
    NO_COLOR: "1",
    // Several are started again for each command.
    NODE_COMPILE_CACHE: `${place.home}/.compiled`,
    MCPCTL_TOKEN: place.token,
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    NO_PROXY: "127.0.0.1,localhost",
    ...client.env?.(place),
  };
}

async function output(words: string[], cwd: string, env: Record<string, string>) {
  const child = Bun.spawn(words, {
    cwd,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: patienceMs,
    killSignal: "SIGKILL",
  });
  const text = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const code = await child.exited;
  // A daemon that it left behind may hold its output open.
  const parts = await Promise.race([text, Bun.sleep(2_000).then(() => ["its output never ended", ""])]);
  return { code, text: parts.join("\n") };
}

/** Some clients leave daemons behind; they are known by the home that only they were given. */
function endAllOf(home: string): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`HOME=${home}`))
        process.kill(Number(pid), "SIGKILL");
    } catch {
      // It has ended by itself, or is somebody else's.
    }
  }
}
