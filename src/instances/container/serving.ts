import { sleep } from "../../lib/wait.ts";
import type { ServerFields } from "../../resources/server.ts";

/** Where most servers serve what they speak. */
const paths: Record<string, string> = { sse: "/sse", http: "/mcp" };

export const pathOf = ({ containerPath, transport }: ServerFields): string => containerPath ?? paths[transport] ?? "/";

const tryMs = 2_000;
const pauseMs = 100;

/**
 * Until somebody speaks HTTP at this address; false when nobody did in time. A connection alone proves nothing: Docker takes it before the server is
 * there. What is asked changes nothing, and any answer will do.
 */
export async function servesHttp(url: string, ms: number, signal: AbortSignal): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end && !signal.aborted; await sleep(pauseMs, signal)) {
    try {
      const response = await fetch(url, {
        method: "OPTIONS",
        redirect: "manual",
        keepalive: false,
        signal: AbortSignal.any([signal, AbortSignal.timeout(tryMs)]),
      });
      await response.body?.cancel();
      return true;
    } catch {
      // Not yet.
    }
  }
  return false;
}
