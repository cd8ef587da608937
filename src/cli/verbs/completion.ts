import type { Verb } from "../verb.ts";

const ignores = ["project", "output", "context", "url", "token", "quiet", "yes"] as const;

/** What shells and man are told about all the others. */
export const completionVerbs: Record<string, Verb> = {
  completion: {
    group: "Here",
    summary: "Print what makes a shell complete mcpctl's verbs, flags and the names of what is there",
    words: "SHELL",
    least: 1,
    most: 1,
    completes: ["bash|zsh|fish|powershell"],
    ignores,
    flags: {
      install: { type: "boolean", description: "Write it to where the shell looks for it, and say where that is" },
    },
    examples: [
      "mcpctl completion fish --install",
      "source <(mcpctl completion bash)   # in ~/.bashrc",
      "source <(mcpctl completion zsh)    # in ~/.zshrc, after compinit",
      "mcpctl completion powershell | Out-String | Invoke-Expression",
    ],
    load: () => import("../commands/completion.ts"),
  },
  man: {
    group: "Here",
    summary: "Print the manual page, or put it where man looks for it",
    words: "",
    least: 0,
    most: 0,
    ignores,
    flags: { install: { type: "boolean", description: "Write it below ~/.local/share/man, and say where that is" } },
    examples: ["mcpctl man | man -l -", "mcpctl man --install"],
    load: () => import("../commands/man.ts"),
  },
};
