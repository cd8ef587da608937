import { messageOf } from "../lib/problem.ts";
import { version } from "../lib/version.ts";
import { connectMcp, type McpConnection, McpFailure, type Protocol, type Tool } from "./sdk.ts";

export type Check = {
  url: string;
  token: string | undefined;
  headers: Record<string, string>;
  protocol: Protocol;
  timeoutMs: number;
  expectTools: readonly string[];
  call: { tool: string; args: Record<string, unknown> } | undefined;
};

export type Step = { name: string; ok: boolean; ms: number; detail: string; failure?: McpFailure["kind"] };
export type Report = {
  url: string;
  exitCode: 0 | 1 | 2;
  verdict: "pass" | "transport or authentication failure" | "contract failure";
  protocolVersion?: string;
  era?: string;
  server?: { name: string; version: string };
  tools: string[];
  steps: Step[];
};

/** Speaks MCP to an endpoint, a step at a time, and stops at the first that fails: what follows would only repeat it. */
export async function validate(check: Check): Promise<Report> {
  const steps: Step[] = [];
  const found: Pick<Report, "protocolVersion" | "era" | "server"> & { tools: Tool[] } = { tools: [] };
  let connection: McpConnection | undefined;

  async function step<T>(name: string, work: () => Promise<[detail: string, value: T]>): Promise<T | undefined> {
    if (steps.some(({ ok }) => !ok)) return undefined;
    const start = performance.now();
    const done = (ok: boolean, detail: string) => ({
      name,
      ok,
      ms: Math.round(performance.now() - start),
      detail: detail.slice(0, 2_000),
    });
    try {
      const [detail, value] = await work();
      steps.push(done(true, detail));
      return value;
    } catch (error) {
      const failure = error instanceof McpFailure ? error.kind : "contract";
      steps.push({ ...done(false, messageOf(error)), failure });
      return undefined;
    }
  }

  await step("reach", () => reach(check));
  connection = await step("connect", async () => {
    const headers = {
      ...check.headers,
      ...(check.token === undefined ? {} : { authorization: `Bearer ${check.token}` }),
    };
    const made = await connectMcp({ ...check, headers, version });
    return [
      `${made.protocolVersion} (${made.era}), ${made.serverInfo?.name ?? "nameless"} ${made.serverInfo?.version ?? ""}`.trim(),
      made,
    ];
  });
  if (connection !== undefined) {
    const open = connection;
    Object.assign(found, {
      protocolVersion: open.protocolVersion,
      era: open.era,
      ...(open.serverInfo === undefined ? {} : { server: open.serverInfo }),
    });
    found.tools = (await step("tools/list", async () => judged(await open.tools()))) ?? [];
    if (check.expectTools.length > 0)
      await step("expected tools", async () => [expected(check.expectTools, found.tools), undefined]);
    if (check.call !== undefined)
      await step(`tools/call ${check.call.tool}`, () => called(open, check.call as NonNullable<Check["call"]>));
    await open.close();
  }
  const { tools, ...rest } = found;
  return { url: check.url, ...verdict(steps), ...rest, tools: tools.map(({ name }) => name), steps };
}

/** 0 pass; 1 when the way to the server or the credential failed; 2 when the server did not keep its word (design §4). */
export function verdict(steps: readonly Step[]): Pick<Report, "exitCode" | "verdict"> {
  const failed = steps.find(({ ok }) => !ok);
  if (failed === undefined) return { exitCode: 0, verdict: "pass" };
  if (failed.failure === "contract") return { exitCode: 2, verdict: "contract failure" };
  return { exitCode: 1, verdict: "transport or authentication failure" };
}

/** What a plain request gets, before any client library hides it: a refused credential shows here with what the server said. */
async function reach({ url, token, headers, timeoutMs }: Check): Promise<[string, undefined]> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "ping" });
  let response: Response;
  try {
    response = await fetch(url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body,
    });
  } catch (error) {
    throw new McpFailure("transport", `no answer: ${messageOf(error)}`, error);
  }
  const said =
    response.status === 401 || response.status === 403 || response.status >= 500 ? await whatItSaid(response) : "";
  await response.body?.cancel().catch(() => {});
  if (response.status === 401)
    throw new McpFailure(
      "authentication",
      `401: ${token === undefined ? "a token is needed" : "the token is refused"}${said}`,
    );
  if (response.status === 403)
    throw new McpFailure("authentication", `403: this token may not use this endpoint${said}`);
  if (response.status >= 500) throw new McpFailure("transport", `HTTP ${response.status}${said}`);
  if (response.status >= 300 && response.status < 400)
    throw new McpFailure("transport", `HTTP ${response.status}: it redirects elsewhere`);
  return [`HTTP ${response.status}`, undefined];
}

async function whatItSaid(response: Response): Promise<string> {
  const text = await response.text().catch(() => "");
  const detail = /"detail":"([^"]{1,200})/.exec(text)?.[1];
  return detail === undefined ? "" : ` (${detail})`;
}

/** What every tool must have; a name that only some clients take is told, not failed. */
function judged(tools: Tool[]): [string, Tool[]] {
  const seen = new Set<string>();
  for (const { name, inputSchema } of tools) {
    if (seen.has(name)) throw new McpFailure("contract", `the tool ${name} is listed twice`);
    seen.add(name);
    if ((inputSchema as { type?: unknown } | undefined)?.type !== "object") {
      throw new McpFailure("contract", `the inputSchema of ${name} has no type "object" at its root`);
    }
  }
  const awkward = tools.filter(({ name }) => !/^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/.test(name)).length;
  return [`${tools.length} tools${awkward === 0 ? "" : `, ${awkward} with names that some clients refuse`}`, tools];
}

function expected(names: readonly string[], tools: readonly Tool[]): string {
  const missing = names.filter((name) => !tools.some((tool) => tool.name === name));
  if (missing.length > 0) throw new McpFailure("contract", `missing: ${missing.join(", ")}`);
  return `all ${names.length} there`;
}

async function called(
  connection: McpConnection,
  { tool, args }: NonNullable<Check["call"]>,
): Promise<[string, undefined]> {
  const { isError, text } = await connection.call(tool, args);
  if (isError) throw new McpFailure("contract", `the tool answered an error: ${text}`);
  return [text, undefined];
}
