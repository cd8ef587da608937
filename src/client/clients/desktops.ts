import { anyName, asksSoon, dropsAbove, listing, noDots, postsFirst, quietStream } from "./check/steps.ts";
import { bearer, type ClientRow, settingsFolder, stdio } from "./client.ts";

const servers = ["mcpServers"];
/** VS Code asks for it once and keeps it where it keeps secrets. */
const input = "mcpctl-token";

/** Programs with a window. None of them is on npm: their rows come from source and documentation, and were not tried with the program itself. */
export const desktops: readonly ClientRow[] = [
  {
    id: "claude-desktop",
    title: "Claude Desktop",
    group: "desktops",
    about: "starts programs only, so it is given the bridge",
    transport: "bridge",
    file: {
      format: "json",
      user: (where) => [`${settingsFolder(where)}/Claude/claude_desktop_config.json`],
      at: servers,
      bridge: stdio,
    },
    notes: () => ["Quit it and start it again: it reads the file at its start only."],
    check: [...postsFirst("2025-11-25"), listing, dropsAbove(64, (tool) => tool)],
  },
  {
    id: "cursor",
    title: "Cursor",
    group: "desktops",
    about: "leaves out tools whose name with the server's is longer than 60",
    transport: "streamable",
    program: "cursor",
    reference: (variable) => `\${env:${variable}}`,
    file: {
      format: "json",
      user: ({ home }) => [`${home}/.cursor/mcp.json`],
      project: ({ folder }) => [`${folder}/.cursor/mcp.json`],
      at: servers,
      entry: (wiring) => ({ url: wiring.url, headers: bearer(wiring) }),
      bridge: stdio,
    },
    check: [
      ...postsFirst("2025-11-25"),
      quietStream,
      listing,
      noDots,
      dropsAbove(60, (tool, name) => `${name}${tool}`),
    ],
  },
  {
    id: "vscode",
    title: "VS Code",
    aliases: ["code", "copilot-chat"],
    group: "desktops",
    about: "asks for the token itself; a refused one opens a login dialog",
    transport: "streamable",
    program: "code",
    reference: () => `\${input:${input}}`,
    file: {
      format: "json",
      user: (where) => [`${settingsFolder(where)}/Code/User/mcp.json`],
      project: ({ folder }) => [`${folder}/.vscode/mcp.json`],
      at: ["servers"],
      entry: (wiring) => ({ type: "http", url: wiring.url, headers: bearer(wiring) }),
      bridge: (wiring) => ({ type: "stdio", ...stdio(wiring) }),
      also: ({ variable, project }) =>
        variable === undefined
          ? []
          : [
              {
                at: ["inputs"],
                item: "id",
                value: {
                  type: "promptString",
                  id: input,
                  description: `Token of mcpctl, from: mcpctl token create vscode -p ${project}`,
                  password: true,
                },
              },
            ],
    },
    check: [...postsFirst("2025-11-25"), quietStream, listing, dropsAbove(64, (tool) => tool)],
  },
  {
    id: "lm-studio",
    title: "LM Studio",
    aliases: ["lmstudio"],
    group: "desktops",
    about: "takes no new session after a 404: remove and add the server then",
    transport: "streamable",
    program: "lms",
    file: {
      format: "json",
      user: ({ home }) => [`${home}/.lmstudio/mcp.json`],
      at: servers,
      entry: (wiring) => ({ url: wiring.url, headers: bearer(wiring) }),
      bridge: stdio,
    },
    notes: () => [
      "What it shows of an error is that of its second attempt, over SSE: mcpctl config lm-studio --check tells the first.",
    ],
    check: [...postsFirst("2025-11-25"), quietStream, listing, dropsAbove(64, (tool) => tool)],
  },
  {
    id: "jan",
    title: "Jan",
    group: "desktops",
    about: "wants the list of tools within two seconds",
    transport: "streamable",
    file: {
      format: "json",
      user: (where) => [
        `${settingsFolder(where)}/Jan/data/mcp_config.json`,
        ...(where.platform === "linux" ? [`${where.home}/.local/share/Jan/data/mcp_config.json`] : []),
      ],
      at: servers,
      entry: (wiring) => ({
        type: "http",
        url: wiring.url,
        headers: bearer(wiring),
        active: true,
        ...{ command: "", args: [], env: {} },
      }),
      bridge: (wiring) => ({ ...stdio(wiring), active: true }),
    },
    notes: () => ["Its folder of data can be moved in its settings: then say --file FOLDER/mcp_config.json."],
    check: [...postsFirst("2025-06-18"), quietStream, asksSoon(2_000), dropsAbove(64, (tool) => tool)],
  },
  {
    id: "anythingllm",
    title: "AnythingLLM",
    aliases: ["anything-llm"],
    group: "desktops",
    about: "without a type it would speak SSE",
    transport: "streamable",
    file: {
      format: "json",
      user: (where) => [`${settingsFolder(where)}/anythingllm-desktop/storage/plugins/anythingllm_mcp_servers.json`],
      at: servers,
      entry: (wiring) => ({ type: "streamable", url: wiring.url, headers: bearer(wiring) }),
      bridge: stdio,
    },
    notes: () => [
      "In a container its file is STORAGE_DIR/plugins/anythingllm_mcp_servers.json: say --file, and --endpoint http://host.docker.internal:3200.",
    ],
    check: [...postsFirst("2025-11-25"), quietStream, listing, anyName],
  },
];
