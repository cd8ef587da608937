import { verbs } from "../../src/cli/verbs.ts";
import { catalogue } from "../../src/lib/problem.ts";
import { notInFile, settings } from "../../src/server/config.ts";
import { code, madeFrom, page, table } from "./markdown.ts";
import { files, variables } from "./variables.ts";

type Setting = { flag: string; env?: string; fallback?: (home: string) => string };

/** `docs/reference/config.md` */
export const configPage = (): string =>
  page(
    madeFrom("src/server/config.ts, src/lib/problem.ts and scripts/docs/variables.ts").trimEnd(),
    "# Settings, variables, exit codes",
    "## Settings of serve",
    "A flag goes before the environment, that before the file which `--config` names (YAML), and that before the default. `oauth` in the file is a mapping; [oauth.md](../oauth.md) tells of it.",
    table(
      ["flag", "variable", "in the file", "default", "what it is"],
      Object.entries(settings as Record<string, Setting>).map(([key, { flag, env = "", fallback }]) => [
        code(`--${flag}`),
        code(env),
        notInFile.includes(key) ? "`oauth`" : code(key),
        code(fallback?.("~/.mcpctl") ?? ""),
        verbs["serve"]?.flags?.[flag]?.description ?? "",
      ]),
    ),
    "## Variables of the command line",
    table(
      ["variable", "what it is"],
      Object.entries(variables).map(([name, about]) => [code(name), about]),
    ),
    "## Files",
    table(
      ["file", "what it is"],
      Object.entries(files).map(([name, about]) => [code(name), about]),
    ),
    "## Exit codes",
    "The `code` of a problem decides the status of an answer and the exit code of the command line. [mcpctl test mcp](cli.md#mcpctl-test-mcp) has its own three.",
    table(
      ["exit", "code", "status", "what it means"],
      [
        ["0", "", "2xx", "Done"],
        ...Object.entries(catalogue)
          .toSorted(([, a], [, b]) => a.exit - b.exit)
          .map(([name, { exit, status, title }]) => [String(exit), code(name), String(status), title]),
        ["130", "", "", "Interrupted by Ctrl-C"],
      ],
    ),
  );
