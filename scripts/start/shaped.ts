import { ask, type Example, type Listed, listed, mcpctl, type Session, typed } from "./session.ts";

type State = { status?: { state?: string } };
type Answer = { content: { text: string }[] };

/** About 80 KB of mcpctl's own documentation, as one tool's result. */
const documents = ["servers", "conformance", "plugins", "bridging", "prompts", "pipelines", "rights"];
const shownLines = 14;

/** What a model sees of its tools: one at first, then what fits its task, and a long result as an index of which it asks for a part. */
export const shaped: Example = {
  summary: "what a model sees: one tool first, prompts that fit its task, 80 KB as an index",
  async show(session) {
    const { say } = session;
    mcpctl(session, "apply", "-f", "examples/shaped.yaml");
    say("\nStarting the server (the first time it is fetched from npm)…");
    await runs(session, "docs");
    // A new one at each start: the gate stays open for a token that has begun.
    const token = mcpctl(session, "token", "create", "shaped", "-p", "shaped", "--force", "--quiet").trim();
    const call = async (name: string, args: object) =>
      (await ask<Answer>(session, token, "tools/call", { name, arguments: args })).content
        .map(({ text }) => text)
        .join("\n");

    const { tools } = await ask<Listed>(session, token, "tools/list");
    step(session, "tools/list, at first", tools.map(({ name }) => name).join(", "));

    const tags = ["servers", "health", "restart"];
    step(session, `begin_session ${JSON.stringify({ tags })}`, await call("begin_session", { tags }));

    const now = await listed(session, token, ["docs"]);
    step(session, "tools/list, now", now.tools.map(({ name }) => name).join(", "));

    const paths = documents.map((name) => `${name}.md`);
    const index = await call("docs__read_multiple_files", { paths });
    step(session, `docs__read_multiple_files of ${paths.length} documents`, index);

    const _resultId = /_resultId`: "(\w+)"/.exec(index)?.[1];
    const part = await call("docs__read_multiple_files", { paths, _resultId, _section: "2.1" });
    step(session, `the same with ${JSON.stringify({ _resultId, _section: "2.1" })}`, part);
    say(nextSteps(typed(session)));
  },
};

/** Behind a closed gate no list tells that a server is there. */
async function runs(session: Session, name: string): Promise<void> {
  const isRunning = () =>
    (JSON.parse(mcpctl(session, "get", "server", name, "-o", "json")) as State).status?.state === "RUNNING";
  for (const until = Date.now() + 120_000; !isRunning(); await Bun.sleep(300))
    if (Date.now() > until) throw new Error(`"${name}" does not run after two minutes: mcpctl describe server ${name}`);
}

/** What was asked, and what the model reads then: of what is long the beginning and the last line, which tells how to read on. */
function step({ say }: Session, asked: string, answer: string): void {
  const lines = answer.trim().split("\n");
  const isLong = lines.length > shownLines;
  const shown = isLong ? [...lines.slice(0, shownLines - 2), "…", lines.at(-1) ?? ""] : lines;
  say(`\n> ${asked}   (${answer.length.toLocaleString("en-US")} characters)\n`);
  for (const line of shown) say(`  ${line.length > 160 && line !== shown.at(-1) ? `${line.slice(0, 159)}…` : line}`);
}

const nextSteps = (typed: string): string => `
More, in a second terminal:
  ${typed} describe project shaped          # its prompts, its proxy model, what its list of tools costs
  ${typed} get proxymodels                  # what else there is; describe proxymodel default tells what one does
  ${typed} proxymodel try default -i docs/servers.md
  ${typed} edit prompt servers -p shaped    # and the next session reads it
  ${typed} cache stats

mcpctl goes on serving; stop it with Ctrl-C.`;
