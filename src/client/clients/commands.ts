import { plainGet } from "./check/probes.ts";
import { anyName, listing, postsFirst, quietStream } from "./check/steps.ts";
import type { ClientRow } from "./client.ts";

const shell = (variable: string) => `$${variable}`;

/** What is typed, or started by others. */
export const commands: readonly ClientRow[] = [
  {
    id: "mcp-remote",
    title: "mcp-remote",
    group: "commands",
    about: "a bridge from npm, for who cannot use ours (--bridge); asks for a login's address at every start",
    transport: "streamable",
    program: "mcp-remote",
    reference: shell,
    belongs: "the shell, or the entry of a client that starts programs",
    // It splits its arguments at blanks.
    text: ({ url, token }) =>
      `npx -y mcp-remote ${url} --header "Authorization:Bearer ${token}" --transport http-only${allowHttp(url)}\n`,
    check: [plainGet, ...postsFirst("2025-11-25"), quietStream, listing, anyName],
  },
  {
    id: "curl",
    title: "curl",
    group: "commands",
    about: "one request, without initialize or session",
    transport: "streamable",
    program: "curl",
    reference: shell,
    belongs: "the shell",
    text: ({ url, token }) =>
      [
        `curl -sS ${url} \\`,
        `  -H "Authorization: Bearer ${token}" \\`,
        "  -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \\",
        `  -d '{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'`,
        "",
      ].join("\n"),
    check: [listing, anyName],
  },
];

/** It refuses http where the host is not this machine. */
const allowHttp = (url: string): string =>
  url.startsWith("http:") && !/^(localhost|127\.)/.test(new URL(url).hostname) ? " --allow-http" : "";
