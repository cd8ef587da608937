import type { Flags, Verb } from "../verb.ts";

const opens = {
  "passphrase-file": { type: "string", hint: "FILE", description: "The passphrase: the first line of this file" },
  "identity-file": {
    type: "string",
    hint: "FILE",
    description: "The age identity that opens it, as age-keygen wrote it",
  },
} satisfies Flags;

const strategy = {
  strategy: {
    type: "string",
    hint: "STRATEGY",
    completes: "fail|skip|overwrite",
    description: "What is here already and differs: fail (nothing is changed), skip or overwrite; fail when absent",
  },
  "dry-run": { type: "boolean", description: "Say what would be done, and do nothing" },
} satisfies Flags;

/** All of an instance in one file, and back. */
export const backupVerbs: Record<string, Verb> = {
  backup: {
    group: "Backup",
    summary: "Write all of the instance into one encrypted file: every kind, secrets, tokens, rights",
    words: "",
    least: 0,
    most: 0,
    flags: {
      output: {
        type: "string",
        short: "o",
        hint: "FILE",
        description: "Where to; - is standard output. Named after the time when absent",
      },
      "passphrase-file": opens["passphrase-file"],
      recipient: {
        type: "string",
        multiple: true,
        hint: "AGE1…",
        description: "Whose age identity opens it; repeatable",
      },
      "include-audit": { type: "boolean", description: "With the audit log" },
    },
    examples: [
      "mcpctl backup -o nightly.age",
      "mcpctl backup --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
      "mcpctl backup --passphrase-file pass.txt --include-audit -o - > all.age",
    ],
    load: () => import("../commands/backup.ts"),
  },
  "backup recipients": {
    group: "Backup",
    summary: "Show or set whom backups are for when nobody says; with these, who may only back up reads nothing",
    words: "[AGE1…]",
    least: 0,
    most: 20,
    flags: { none: { type: "boolean", description: "Set none" } },
    examples: [
      "mcpctl backup recipients",
      "mcpctl backup recipients age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
    ],
    load: () => import("../commands/backup-recipients.ts"),
  },
  restore: {
    group: "Backup",
    summary: "Put a backup back, all of it or nothing; what it would do is shown before anything is done",
    words: "FILE",
    least: 1,
    most: 1,
    flags: { ...strategy, ...opens },
    examples: [
      "mcpctl restore nightly.age --dry-run",
      "mcpctl restore nightly.age --identity-file key.txt --strategy overwrite",
    ],
    load: () => import("../commands/restore.ts"),
  },
};
