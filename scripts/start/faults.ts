import { ask, type Example, type Listed, listed, mcpctl, missing, type Session, tokenFor, typed } from "./session.ts";

const servers = ["everything", "files", "thinking", "tickets", "wiki"];
const sound = servers.slice(0, 3);
const everyMs = 500;

/** Five servers of which two are broken: what a client is told, how fast, how a person finds out why, and that a repair needs no restart. */
export const faults: Example = {
  summary: "five servers of which two are broken, and how to find out why",
  // Its warnings would tell of the two before anybody knows that they are meant to be broken.
  log: "error",
  async show(session) {
    const { say } = session;
    mcpctl(session, "apply", "-f", "examples/faults.yaml");
    const { token } = tokenFor(session, "faults", "faults");
    say("\nStarting five servers, two of them broken (the first time some are fetched from npm)…");
    await listed(session, token, sound);
    const startedAt = performance.now();
    const list = await ask<Listed>(session, token, "tools/list");
    const ms = Math.ceil(performance.now() - startedAt);
    say(`\nWhat a client of ${session.url}/projects/faults/mcp is told at its second call, within ${ms} ms:\n`);
    for (const line of linesOf(list)) say(`  ${line}`);
    say(nextSteps(typed(session)));
    void tellOfChanges(session, token, list);
  },
};

/** A line for each server: how many tools, or why there are none. */
function linesOf(list: Listed): string[] {
  return servers.map((server) => {
    const count = list.tools.filter(({ name }) => name.startsWith(`${server}__`)).length;
    const reason = missing(list, server);
    return `${server.padEnd(12)}${`${count} tool${count === 1 ? "" : "s"}`.padEnd(10)}${reason === undefined ? "" : `missing: ${reason}`}`.trimEnd();
  });
}

/** Says what comes and goes, for as long as mcpctl serves. */
async function tellOfChanges(session: Session, token: string, first: Listed): Promise<void> {
  let before = linesOf(first);
  while (!session.over.aborted) {
    await Bun.sleep(everyMs);
    const list = await ask<Listed>(session, token, "tools/list").catch(() => undefined);
    if (list === undefined) continue;
    const now = linesOf(list);
    for (const line of now.filter((each) => !before.includes(each))) session.say(`  now: ${line}`);
    before = now;
  }
}

const nextSteps = (typed: string): string => `
Two of five are missing, and the list says which and why; the others do not mind. More, in a second terminal:
  ${typed} get projects                # READY: 3/5
  ${typed} get servers                 # all five, and in which state each is
  ${typed} get instances               # a line for each process; "wiki" is at a url, and has none here
  ${typed} describe server tickets     # its exit code and its last words
  ${typed} logs tickets
  ${typed} describe server wiki        # why it is not reached, and when it is tried again

"tickets" asks for a token: give it one. Nothing else is started again, and its tools are in the next list:
  ${typed} apply -f examples/faults-repaired.yaml

"wiki" needs nothing of you: its tools are listed as soon as a server answers at http://127.0.0.1:3999/mcp.

mcpctl goes on serving, and says here what changes; stop it with Ctrl-C.`;
