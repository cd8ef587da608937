import { Problem } from "../../lib/problem.ts";
import { version } from "../../lib/version.ts";
import type { Outcome } from "../answers.ts";
import { newestLegacy } from "../protocol.ts";

/** What a server says of itself in answer to `initialize`. */
export type Introduction = { serverInfo: unknown; capabilities: Record<string, unknown>; protocolVersion: string };

/**
 * What we say of ourselves. No client capabilities: what one client could do cannot be promised on a connection that many share
 * (reference/protocol.md §3.3).
 */
export const initializeParams = JSON.stringify({
  protocolVersion: newestLegacy,
  capabilities: {},
  clientInfo: { name: "mcpctl", version },
});

/** @throws Problem `unavailable` when the server refused or made no sense */
export function introductionFrom(outcome: Outcome): Introduction {
  if ("error" in outcome) {
    const { message } = JSON.parse(outcome.error) as { message?: unknown };
    throw new Problem("unavailable", `the server refused initialize: ${String(message).slice(0, 200)}`);
  }
  const { serverInfo, capabilities, protocolVersion } = JSON.parse(outcome.result) as Record<string, unknown>;
  if (typeof protocolVersion !== "string" || typeof capabilities !== "object" || capabilities === null) {
    throw new Problem("unavailable", "the server's answer to initialize is not one of MCP");
  }
  return { serverInfo, capabilities: capabilities as Record<string, unknown>, protocolVersion };
}
