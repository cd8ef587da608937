import type { Result } from "./compare.ts";
import { explained } from "./explained.ts";
import type { SuiteName } from "./suite.ts";
import { explanations, matrix, totals } from "./table.ts";

const headings: Record<SuiteName, string> = {
  "2025-11-25": "The suite for 2025-11-25",
  "2026-07-28": "The suite for 2026-07-28",
  "0.1.16": "The first suite, whole",
};

/** docs/conformance.md, out of what was measured and nothing else. */
export function page(servers: readonly Result[], clients: readonly Result[]): string {
  const sections = Object.entries(headings).map(
    ([suite, heading]) => `## ${heading}\n\n${matrix(servers.filter(({ leg }) => leg.startsWith(suite)))}\n`,
  );
  const driven = clients.map((result) => `### ${result.leg}\n\n${matrix([result])}\n`);
  const known = explained.length === 0 ? "Nothing is lost that needs one." : explanations();
  return `# Conformance

The score of the official suite, directly against the fixture of \`test/conformance/fixture\` and through a running gateway with a token, in checks
passed. Written by \`bun run conformance --write\`; \`bun run conformance\` fails when anything is lost on the way that has no explanation here.

*same*: suite and upstream speak the same era; *cross*: the gateway translates. *http* and *stdio* is how the upstream is reached, *server* is
\`/projects/P/servers/S/mcp\`, *project* is \`/projects/P/mcp\` with \`toolNames: plain\`. *client*: the suite is the server, and the gateway its client.

${totals([...servers, ...clients])}

## Explanations

${known}

${sections.join("\n")}
## The gateway as a client

${driven.join("\n")}`;
}
