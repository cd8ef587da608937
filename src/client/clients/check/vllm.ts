import { messageOf } from "../../../lib/problem.ts";
import { forHarmony } from "./harmony.ts";
import { openSse, type SseSession } from "./sse-session.ts";
import { toolsIn } from "./steps.ts";
import { CheckFailure, type CheckStep, type Tool, type Visit } from "./visit.ts";

/** The names that it looks for, and no others. */
const used = ["browser", "python", "container"];
const open = new WeakMap<Visit, SseSession>();

/** What `vllm serve --tool-server` does at its start; whatever fails there ends it. */
export const vllmSteps: readonly CheckStep[] = [
  {
    name: "address",
    run: ({ url }) => {
      if (!url.startsWith("http:"))
        throw new CheckFailure("contract", "it speaks http only: put mcpctl, or what ends TLS, on its own host");
      return "http";
    },
  },
  {
    name: "GET sse",
    async run(visit) {
      const address = new URL(visit.url);
      if (visit.token !== undefined) Object.assign(address, { username: "t", password: visit.token });
      const session = await bounded(visit, openSse(address.href, {}, visit.fetch));
      open.set(visit, session);
      visit.endings.push(session.close);
      return `a stream, and it says to post to ${session.endpoint.pathname}`;
    },
  },
  {
    name: "initialize",
    async run(visit) {
      const { serverInfo, protocolVersion } = await bounded(visit, sessionOf(visit).initialize());
      if (!used.includes(serverInfo.name))
        throw new CheckFailure(
          "contract",
          `the server says that it is "${serverInfo.name}"; only ${used.join(", ")} are used`,
        );
      return `${protocolVersion}, as "${serverInfo.name}"`;
    },
  },
  {
    name: "tools/list",
    async run(visit) {
      const { tools } = toolsIn(await bounded(visit, sessionOf(visit).request("tools/list")));
      visit.tools.push(...tools);
      return `${tools.length} tools`;
    },
  },
  { name: "schemas", judges: true, run: ({ tools }) => harmonized(tools) },
  {
    name: "names",
    judges: true,
    run: ({ tools }) => {
      const dotted = tools.filter(({ name }) => name.includes(".")).map(({ name }) => name);
      if (dotted.length > 0)
        throw new CheckFailure("contract", `cut at the first dot: ${dotted.slice(0, 3).join(", ")}`);
      return "no dots";
    },
  },
];

function harmonized(tools: readonly Tool[]): string {
  for (const tool of tools) {
    try {
      forHarmony(tool);
    } catch (error) {
      throw new CheckFailure(
        "contract",
        `${messageOf(error)} (${tool.name}): vLLM does not start; \`schemas: inline\` in the project mends it`,
        error,
      );
    }
  }
  return "vLLM reads them all";
}

function sessionOf(visit: Visit): SseSession {
  const session = open.get(visit);
  if (session === undefined) throw new CheckFailure("reach", "there is no stream");
  return session;
}

async function bounded<T>({ timeoutMs }: Visit, work: Promise<T>): Promise<T> {
  work.catch(() => {});
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`nothing within ${timeoutMs / 1000} s`)), timeoutMs);
  try {
    return await Promise.race([work, late]);
  } catch (error) {
    throw new CheckFailure("reach", messageOf(error), error);
  } finally {
    clearTimeout(timer);
  }
}
