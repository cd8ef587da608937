import { headProbe, preflight } from "./check/probes.ts";
import { anyName, dropsAbove, firstPage, fits, listing, noDots, postsFirst, quietStream } from "./check/steps.ts";
import { vllmSteps } from "./check/vllm.ts";
import { bearer, type ClientRow, stdio, type Wiring } from "./client.ts";

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
/** In a container this machine is called otherwise, and mcpctl must listen beyond loopback and know that name. */
const fromContainer = ({ url }: Wiring): string[] =>
  /^(localhost|127\.|\[::1\])/.test(new URL(url).host)
    ? [
        "In a container, localhost is the container: say --endpoint http://host.docker.internal:3200, and serve with --host 0.0.0.0 --allowed-hosts host.docker.internal.",
      ]
    : [];
const shell = (variable: string) => `$${variable}`;

/** What runs for others: model servers, chat pages, workflows. */
export const services: readonly ClientRow[] = [
  {
    id: "vllm",
    title: "vLLM --tool-server",
    group: "services",
    about: "SSE of 2024-11-05 over http only; the token stands in the address",
    transport: "sse",
    program: "vllm",
    reference: shell,
    usualName: "container",
    belongs: "the shell that starts vLLM",
    text: ({ url, token }) => {
      const { host, pathname } = new URL(url);
      return `vllm serve MODEL --tool-server "t:${token}@${host}${pathname.replace(/\/sse$/, "")}"\n`;
    },
    notes: ({ url, name }) => [
      "It asks once, at its start: after a change of the project start it again.",
      "The address is seen in ps: give it a token of this project that lives for a short time.",
      ...(["browser", "python", "container"].includes(name)
        ? []
        : [`It uses servers called browser, python and container only, never "${name}".`]),
      ...(url.startsWith("https:") ? ["It knows no https: this address will not work."] : []),
    ],
    check: vllmSteps,
  },
  {
    id: "agentic-api",
    title: "vLLM agentic-api",
    group: "services",
    about: "follows no redirect; keeps what it learnt at its start",
    transport: "streamable",
    program: "agentic-api",
    file: {
      format: "toml",
      user: ({ home }) => [`${home}/.agentic-api/config.toml`],
      at: ["mcp_servers"],
      entry: (wiring) => ({ url: wiring.url, headers: bearer(wiring), require_approval: "never" }),
      bridge: stdio,
    },
    check: [
      ...postsFirst("2025-06-18"),
      quietStream,
      listing,
      fits({ tools: 128 }),
      dropsAbove(64, (tool, name) => `mcp__${name}__${tool}`),
    ],
  },
  {
    id: "ogx",
    title: "OGX (Llama Stack)",
    aliases: ["llama-stack", "llamastack"],
    group: "services",
    about: "takes the token as authorization of the request, never as a header",
    transport: "streamable",
    belongs: "tools of a request to /v1/responses",
    text: (wiring) => json([responsesTool(wiring, "authorization")]),
    check: [...postsFirst("2025-11-25"), quietStream, listing, anyName],
  },
  {
    id: "responses",
    title: "OpenAI Responses API",
    group: "services",
    about: "the server of the model connects; the address must be one that it reaches",
    transport: "streamable",
    belongs: "tools of a request to /v1/responses; LM Studio wants headers in the place of authorization",
    text: (wiring) => json([responsesTool(wiring, "authorization")]),
    check: [...postsFirst("2025-11-25"), listing, dropsAbove(64, (tool) => tool)],
  },
  {
    id: "open-webui",
    title: "Open WebUI",
    aliases: ["openwebui"],
    group: "services",
    about: "initializes and lists for every message; reads the variable at its first start only",
    transport: "streamable",
    program: "open-webui",
    reference: shell,
    belongs: "the environment of Open WebUI; or the same in Settings, External Tools",
    text: ({ name, url, token, project }) => {
      const connection = {
        ...{ type: "mcp", url, path: "", auth_type: "bearer", key: token },
        config: { enable: true },
        info: { id: name, name, description: `Project ${project} of mcpctl` },
      };
      return `TOOL_SERVER_CONNECTIONS=${quoted(JSON.stringify([connection]))}\n`;
    },
    notes: (wiring) => [
      ...fromContainer(wiring),
      "After its first start what stands in its settings wins: change it there.",
    ],
    check: [...postsFirst("2025-11-25"), quietStream, listing, dropsAbove(64, (tool, name) => `${name}_${tool}`)],
  },
  {
    id: "librechat",
    title: "LibreChat",
    group: "services",
    about: "asks without the token first; requiresOAuth: false keeps it from a login that there is not",
    transport: "streamable",
    reference: (variable) => `\${${variable}}`,
    file: {
      format: "yaml",
      project: ({ folder, variables }) => [variables["CONFIG_PATH"] || `${folder}/librechat.yaml`],
      at: ["mcpServers"],
      entry: (wiring) => ({
        type: "streamable-http",
        url: wiring.url,
        headers: bearer(wiring),
        requiresOAuth: false,
      }),
      bridge: (wiring) => ({ type: "stdio", ...stdio(wiring) }),
      // Else its guard refuses addresses of private networks.
      also: ({ url }) => [{ at: ["mcpSettings", "allowedAddresses"], item: "", value: new URL(url).host }],
      start: { version: "1.2.1" },
    },
    notes: fromContainer,
    check: [
      headProbe,
      ...postsFirst("2025-11-25"),
      quietStream,
      listing,
      dropsAbove(64, (tool, name) => `${tool}_mcp_${name}`),
    ],
  },
  {
    id: "llama-cpp",
    title: "llama.cpp server",
    aliases: ["llama.cpp", "llamacpp"],
    group: "services",
    about: "its page connects, so mcpctl must allow its origin; reads one page, and about 50 tools",
    transport: "streamable",
    program: "llama-server",
    belongs: "the MCP servers in the settings of its page, or llama-server --ui-config-file",
    text: ({ name, url, token }) =>
      json([
        {
          ...{ id: name, enabled: true, url, name },
          headers: JSON.stringify({ Authorization: `Bearer ${token}` }),
          ...{ requestTimeoutSeconds: 300, useProxy: false },
        },
      ]),
    notes: () => [
      "mcpctl serve must allow the page: --allowed-origins http://127.0.0.1:8080 (its own address); or llama-server --ui-mcp-proxy and useProxy: true.",
      "Servers are switched on for each chat.",
    ],
    check: [preflight, ...postsFirst("2025-11-25"), quietStream, firstPage, fits({ tools: 50, bytes: 90_000 })],
  },
  {
    id: "n8n",
    title: "n8n",
    group: "services",
    about: "the node MCP Client Tool, with a credential of the type Bearer Auth",
    transport: "streamable",
    program: "n8n",
    belongs: "the node MCP Client Tool",
    text: ({ url, token }) =>
      [
        `Endpoint: ${url}`,
        "Server Transport: HTTP Streamable",
        "Authentication: Bearer Auth",
        `Bearer Token: ${token}`,
        "",
      ].join("\n"),
    notes: fromContainer,
    check: [...postsFirst("2025-11-25"), quietStream, listing, dropsAbove(64, (tool, name) => `${name}_${tool}`)],
  },
  {
    id: "mcpo",
    title: "mcpo",
    group: "services",
    about: "makes OpenAPI of MCP; Open WebUI needs it no more",
    transport: "streamable",
    program: "mcpo",
    reference: shell,
    belongs: "the shell",
    text: ({ url, token }) =>
      `mcpo --port 8000 --server-type streamable-http --header "{\\"Authorization\\":\\"Bearer ${token}\\"}" -- ${url}\n`,
    check: [...postsFirst("2025-11-25"), quietStream, listing, noDots],
  },
];

/** The shape in which a request names a server: its `authorization` is the token alone. */
function responsesTool({ name, url, token }: Wiring, field: "authorization"): object {
  return { type: "mcp", server_label: name, server_url: url, [field]: token, require_approval: "never" };
}

/** In single quotes, but for a variable, which the shell is to put in. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''").replace(/\$[A-Z_]+/, (variable) => `'"${variable}"'`)}'`;
}
