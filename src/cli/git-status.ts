import { printable } from "../lib/printable.ts";
import type { Env } from "./environment.ts";
import { columns } from "./wrap.ts";

export type GitStatus = {
  enabled: boolean;
  repoUrl?: string;
  branch?: string;
  path?: string;
  gitReachable?: boolean;
  lastSyncAt?: string;
  lastPushAt?: string;
  lastError?: string;
  pendingCount: number;
  recipients?: string[];
};

/** A line a fact. */
export function tellGitStatus(status: GitStatus, env: Env): void {
  if (!status.enabled) {
    env.out("The git backup is off. mcpctl backup git enable REPO");
    return;
  }
  const { repoUrl = "", branch, path, lastSyncAt, lastPushAt, lastError, pendingCount, recipients = [] } = status;
  const facts: [string, string][] = [
    ["Repository", repoUrl],
    ["Branch", `${branch}${path === "" || path === undefined ? "" : `, folder ${path}`}`],
    ["Reachable", status.gitReachable === true ? "yes" : lastError === undefined ? "not tried yet" : "no"],
    ["Last sync", lastSyncAt ?? "never"],
    ...(lastPushAt === undefined ? [] : ([["Last push", lastPushAt]] as [string, string][])),
    ["Waiting", `${pendingCount} ${pendingCount === 1 ? "change" : "changes"}`],
    [
      "Secrets",
      recipients.length === 0
        ? "stay out: no recipients (mcpctl backup recipients)"
        : `sealed for ${recipients.length}`,
    ],
    ...(lastError === undefined ? [] : ([["Error", lastError]] as [string, string][])),
  ];
  env.out(
    columns(
      facts.map(([name, value]) => [`${name}:`, printable(value)] as const),
      env.screen,
    ),
  );
}
