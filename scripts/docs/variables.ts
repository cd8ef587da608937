/** What the command line reads from its environment. The settings of `serve` have variables of their own, beside their flags. */
export const variables: Readonly<Record<string, string>> = {
  MCPCTL_URL: "Which instance to talk to, where neither --url nor --context says it",
  MCPCTL_CONTEXT: "Which saved instance to talk to, where neither a flag nor MCPCTL_URL says it",
  MCPCTL_TOKEN:
    "What to log in with: a session or a token, where --token does not say it; never sent to what `serve` runs",
  MCPCTL_COMPLETION_MS:
    "How long completion waits for the names of what is there, in milliseconds; 300, and at most 5000",
  MCPCTL_CA_FILE: "Trust the authority in this PEM file, where --ca does not say it",
  MCPCTL_CREDENTIAL_STORE: "Where `mcpctl login` keeps what it was given: auto, keyring or file; before the setting",
  HTTP_PROXY:
    "The proxy for http, but never for this machine; HTTPS_PROXY for https, NO_PROXY for whom to ask directly",
  VISUAL: "The editor of `mcpctl edit`, before EDITOR; vi when neither is set",
  EDITOR: "The editor of `mcpctl edit`",
  NO_COLOR: "Set to anything, it keeps colours off a terminal",
};

/** Where things lie. */
export const files: Readonly<Record<string, string>> = {
  "~/.mcpctl/config.json": "The instances that were saved, and settings; no secrets",
  "~/.mcpctl/credentials": "Logins, readable by their owner alone; those in the system's keyring by name only",
  "~/.mcpctl/data": "What serve keeps: the database, its copies before an upgrade, packages, master.key",
  "~/.mcpctl/cache": "What pipelines made; it may be deleted while serve is stopped",
};
