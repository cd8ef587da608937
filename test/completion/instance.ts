/** Names that a shell would run, split or take for flags if it read them as anything but text. Not one of them may be offered. */
const hostile = [
  "$(touch ran)",
  "`touch ran`",
  "fi;touch ran",
  "fi le",
  "fi\nle",
  "--yes",
  "~",
  "*",
  "fi'x",
  '"',
  "fi\u001b[31m",
  "fi\\x",
];

/** An instance that somebody else runs and who means no good: its servers are named so, and two of them well. */
export function hostileInstance() {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      const names = pathname === "/api/v1/servers" ? [...hostile, "files", "fine"] : ["alice@example.com"];
      return Response.json({ items: names.map((name, index) => ({ id: String(index), name })) });
    },
  });
  return { url: server.url.origin, stop: () => server.stop(true) };
}
