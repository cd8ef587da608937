import { passwordStdin, type Verb } from "../verb.ts";

/** Which instance is talked to, as whom, and how. */
export const instanceVerbs: Record<string, Verb> = {
  login: {
    group: "Instances",
    summary: "Log in to an instance and remember it",
    words: "[URL]",
    least: 0,
    most: 1,
    ignores: ["project"],
    flags: { email: { type: "string", hint: "ADDRESS", description: "Whom to log in" }, ...passwordStdin },
    examples: ["mcpctl login http://nas.local:3200 --email alice@example.com"],
    load: () => import("../commands/login.ts"),
  },
  logout: {
    group: "Instances",
    summary: "End the login and forget it",
    words: "",
    least: 0,
    most: 0,
    ignores: ["project"],
    examples: ["mcpctl logout"],
    load: () => import("../commands/logout.ts"),
  },
  passwd: {
    group: "Instances",
    summary: "Change your own password; every other login of yours ends",
    words: "",
    least: 0,
    most: 0,
    ignores: ["project"],
    flags: {
      "password-stdin": {
        type: "boolean",
        description: "Read two lines from standard input: the current password, and the new one",
      },
    },
    examples: ["mcpctl passwd", "mcpctl passwd --password-stdin < two-lines.txt"],
    load: () => import("../commands/passwd.ts"),
  },
  whoami: {
    group: "Instances",
    summary: "Who you are here, and every right you have",
    words: "",
    least: 0,
    most: 0,
    ignores: ["project"],
    examples: ["mcpctl whoami"],
    load: () => import("../commands/whoami.ts"),
  },
  "config view": {
    group: "Instances",
    summary: "Show the saved instances and logins; never a token",
    words: "",
    least: 0,
    most: 0,
    ignores: ["project", "url", "token", "yes"],
    examples: ["mcpctl config view"],
    load: () => import("../commands/config-view.ts"),
  },
};
