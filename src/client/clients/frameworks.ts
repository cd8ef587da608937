import { anyName, dropsAbove, firstPage, listing, noDots, postsFirst, quietStream } from "./check/steps.ts";
import type { ClientRow, Wiring } from "./client.ts";

/** As Python writes the header: of a variable, or with the token in it. */
const header = ({ token, variable }: Wiring) =>
  variable === undefined ? JSON.stringify(`Bearer ${token}`) : `"Bearer " + os.environ["${variable}"]`;
const imports = ({ variable }: Wiring) => (variable === undefined ? [] : ["import os", ""]);
const python = (wiring: Wiring, lines: readonly string[]) => `${[...imports(wiring), ...lines].join("\n")}\n`;

const common = {
  group: "frameworks",
  transport: "streamable",
  reference: (variable: string) => variable,
  belongs: "your program",
} as const;

/** What people write agents with. */
export const frameworks: readonly ClientRow[] = [
  {
    ...common,
    id: "openai-agents",
    title: "OpenAI Agents SDK",
    about: "its time for a request is 5 s unless one says otherwise; no new session after a 404",
    text: (wiring) =>
      python(wiring, [
        "from agents.mcp import MCPServerStreamableHttp",
        "",
        "server = MCPServerStreamableHttp(",
        `    name=${JSON.stringify(wiring.name)},`,
        "    params={",
        `        "url": ${JSON.stringify(wiring.url)},`,
        `        "headers": {"Authorization": ${header(wiring)}},`,
        '        "timeout": 60,',
        "    },",
        "    cache_tools_list=True,",
        ")",
      ]),
    check: [
      ...postsFirst("2025-11-25", { discovers: true }),
      quietStream,
      listing,
      noDots,
      dropsAbove(64, (tool) => tool),
    ],
  },
  {
    ...common,
    id: "langchain",
    title: "LangChain MCP adapters",
    about: "opens a session for every call; needs mcp<2",
    text: (wiring) =>
      python(wiring, [
        "from langchain_mcp_adapters.client import MultiServerMCPClient",
        "",
        "client = MultiServerMCPClient({",
        `    ${JSON.stringify(wiring.name)}: {`,
        '        "transport": "http",',
        `        "url": ${JSON.stringify(wiring.url)},`,
        `        "headers": {"Authorization": ${header(wiring)}},`,
        "    },",
        "})",
        "tools = await client.get_tools()",
      ]),
    check: [...postsFirst("2025-11-25"), quietStream, listing, noDots, dropsAbove(64, (tool) => tool)],
  },
  {
    ...common,
    id: "pydantic-ai",
    title: "Pydantic AI",
    about: "an address that ends with /sse would choose SSE",
    text: (wiring) =>
      python(wiring, [
        "from pydantic_ai.mcp import MCPToolset",
        "",
        "toolset = MCPToolset(",
        `    ${JSON.stringify(wiring.url)},`,
        `    headers={"Authorization": ${header(wiring)}},`,
        ")",
      ]),
    check: [...postsFirst("2025-11-25"), quietStream, listing, dropsAbove(64, (tool) => tool)],
  },
  {
    ...common,
    id: "smolagents",
    title: "smolagents",
    about: "reads one page of tools; needs mcp<2",
    text: (wiring) =>
      python(wiring, [
        "from smolagents import ToolCollection",
        "",
        "with ToolCollection.from_mcp(",
        "    {",
        `        "url": ${JSON.stringify(wiring.url)},`,
        '        "transport": "streamable-http",',
        `        "headers": {"Authorization": ${header(wiring)}},`,
        "    },",
        "    trust_remote_code=True,",
        ") as tools:",
        "    ...",
      ]),
    check: [...postsFirst("2025-11-25"), quietStream, firstPage, anyName],
  },
];
