import { resolve } from "node:path";
import { ask, type Example, listed, mcpctl, type Session, tokenFor, typed } from "./session.ts";

type Answer = { content: { text: string }[] };

/** From a fresh clone to a real tool call: serves a project, mints a token, calls one tool through the endpoint, says how to go on. */
export const quickstart: Example = {
  summary: "two servers from npm, and a first call",
  async show(session) {
    const { url, say } = session;
    mcpctl(session, "apply", "-f", "examples/quickstart.yaml");
    const { token, isNew } = tokenFor(session, "demo", "quickstart");
    say("\nStarting the sample servers (the first time they are fetched from npm)…");
    const { tools } = await listed(session, token, ["everything", "files"]);
    say(`${tools.length} tools are ready.`);
    const path = resolve("examples/files/hello.txt");
    const { content } = await ask<Answer>(session, token, "tools/call", {
      name: "files__read_text_file",
      arguments: { path },
    });
    say(`\nA tool was called through ${url}/projects/demo/mcp, and answered:\n  ${content[0]?.text.trim()}`);
    say(nextSteps(session, token, isNew));
  },
};

function nextSteps(session: Session, token: string, isNew: boolean): string {
  const { url } = session;
  const endpoint = `${url}/projects/demo/mcp`;
  const snippet = {
    mcpServers: {
      demo: { type: "http", url: endpoint, headers: { Authorization: `Bearer ${isNew ? token : "YOUR_TOKEN"}` } },
    },
  };
  const shown = isNew ? `Token:     ${token}   (shown this once)` : "Token:     the one of your first start";
  return `
Endpoint:  ${endpoint}
${shown}

For a client that reads mcpServers (Claude Code's .mcp.json, Cursor, LM Studio):
${JSON.stringify(snippet, null, 2)}

Next, in a second terminal:
  ${typed(session)} get servers
  ${typed(session)} token create my-client -p demo
  ${typed(session)} apply -f my-servers.yaml

mcpctl goes on serving; stop it with Ctrl-C.`;
}
