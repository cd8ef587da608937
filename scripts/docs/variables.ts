/** What the command line reads from its environment. The settings of `serve` have variables of their own, beside their flags. */
export const variables: Readonly<Record<string, string>> = {
  MCPCTL_URL: "Which instance to talk to, where neither --url nor --context says it",
  MCPCTL_TOKEN:
    "What to log in with: a session or a token, where --token does not say it; never sent to what `serve` runs",
  VISUAL: "The editor of `mcpctl edit`, before EDITOR; vi when neither is set",
  EDITOR: "The editor of `mcpctl edit`",
  NO_COLOR: "Set to anything, it keeps colours off a terminal",
};

/** Where things lie. */
export const files: Readonly<Record<string, string>> = {
  "~/.mcpctl/config.json": "The instances that were saved, without secrets",
  "~/.mcpctl/credentials": "Logins, readable by their owner alone",
  "~/.mcpctl/data": "What serve keeps: the database, its copies before an upgrade, packages, master.key",
  "~/.mcpctl/cache": "What pipelines made; it may be deleted while serve is stopped",
};
