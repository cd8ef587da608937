import { join } from "node:path";
import { configFolder, dataFolder } from "../../lib/xdg.ts";
import bash from "./mcpctl.bash" with { type: "text" };
import fish from "./mcpctl.fish" with { type: "text" };
import powershell from "./mcpctl.ps1" with { type: "text" };
import zsh from "./mcpctl.zsh" with { type: "text" };

type Variables = Record<string, string | undefined>;

/** A shell that can be completed in. `file` is where it looks for what a user installs; absent where it looks nowhere. */
type Shell = {
  script: string;
  file?: (variables: Variables, home: string) => string;
  /** What is left for the person to do, once the file is there or where there is none. */
  rest: string;
};

/** Every shell, by the word that `mcpctl completion` takes. */
export const shells: Readonly<Record<string, Shell>> = {
  bash: {
    script: bash,
    file: (variables, home) =>
      join(
        variables["BASH_COMPLETION_USER_DIR"] ?? join(dataFolder({ home, variables }), "bash-completion"),
        "completions/mcpctl",
      ),
    rest: "A new shell has it where the package bash-completion is installed; elsewhere add to ~/.bashrc: source <(mcpctl completion bash)",
  },
  zsh: {
    script: zsh,
    file: (variables, home) => join(dataFolder({ home, variables }), "zsh/site-functions/_mcpctl"),
    rest: "If ~/.zshrc does not say so yet, before compinit: fpath=(~/.local/share/zsh/site-functions $fpath)",
  },
  fish: {
    script: fish,
    file: (variables, home) => join(configFolder({ home, variables }), "fish/completions/mcpctl.fish"),
    rest: "A new shell has it.",
  },
  powershell: {
    script: powershell,
    rest: "add to $PROFILE: mcpctl completion powershell | Out-String | Invoke-Expression",
  },
};
