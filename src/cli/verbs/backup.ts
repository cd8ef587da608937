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
        description: "Whose age identity opens it",
      },
      "include-audit": { type: "boolean", description: "With the audit log" },
    },
    examples: [
      "mcpctl backup -o nightly.age",
      "mcpctl backup --recipient age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
      "mcpctl backup --passphrase-file pass.txt --include-audit -o all.age",
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
  "backup git enable": {
    group: "Backup",
    summary: "Keep each change as a commit in a repository: a path on the server that it makes, or one to push to",
    words: "REPO",
    least: 1,
    most: 1,
    flags: {
      branch: { type: "string", hint: "NAME", description: "The branch; main when absent" },
      path: { type: "string", hint: "DIR", description: "A folder within the repository" },
    },
    examples: [
      "mcpctl backup git enable /srv/backup/mcpctl.git",
      "mcpctl backup git enable git@git.example.com:team/mcpctl.git --branch main --path prod",
    ],
    load: () => import("../commands/backup-git-enable.ts"),
  },
  "backup git disable": {
    group: "Backup",
    summary: "Stop keeping changes in git; what is in the repository stays",
    words: "",
    least: 0,
    most: 0,
    examples: ["mcpctl backup git disable"],
    load: () => import("../commands/backup-git-disable.ts"),
  },
  "backup git status": {
    group: "Backup",
    summary: "Where the git backup goes, whether it gets through, and what waits; exit 8 when it does not get through",
    words: "",
    least: 0,
    most: 0,
    examples: ["mcpctl backup git status", "mcpctl backup git status -o json"],
    load: () => import("../commands/backup-git-status.ts"),
  },
  "backup git sync": {
    group: "Backup",
    summary: "Bring the repository in line now, and push it",
    words: "",
    least: 0,
    most: 0,
    flags: { force: { type: "boolean", description: "Also when this new instance would write over what is there" } },
    examples: ["mcpctl backup git sync"],
    load: () => import("../commands/backup-git-sync.ts"),
  },
  "backup git log": {
    group: "Backup",
    summary: "What was changed, when and by whom, as the repository has it",
    words: "",
    least: 0,
    most: 0,
    flags: { limit: { type: "string", hint: "COUNT", description: "How many at most; 20 when absent" } },
    examples: ["mcpctl backup git log --limit 100"],
    load: () => import("../commands/backup-git-log.ts"),
  },
  "backup git restore": {
    group: "Backup",
    summary: "Put back what a commit holds, the last one when none is named; shown before anything is done",
    words: "[COMMIT]",
    least: 0,
    most: 1,
    flags: { ...strategy, "identity-file": opens["identity-file"] },
    examples: [
      "mcpctl backup git restore --dry-run",
      "mcpctl backup git restore 1f3c2ab --identity-file key.txt --strategy overwrite",
    ],
    load: () => import("../commands/backup-git-restore.ts"),
  },
};
