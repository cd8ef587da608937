import { Problem } from "../../lib/problem.ts";
import type { HttpTarget } from "./http-exchange.ts";
import type { Upstream } from "./upstream.ts";
import { openLegacyHttp } from "./upstream-http-legacy.ts";
import { openModernHttp } from "./upstream-http-modern.ts";

/**
 * Opens a conversation over Streamable HTTP. Servers that speak both eras, as nearly all of the modern ones do, are spoken to in the legacy one;
 * one that refuses initialize is asked in the modern one.
 * @throws Problem `unavailable`
 */
export async function openHttp(target: HttpTarget): Promise<Upstream> {
  const legacy = await openLegacyHttp(target);
  if (!("refused" in legacy)) return legacy;
  try {
    return await openModernHttp(target);
  } catch (error) {
    throw new Problem(
      "unavailable",
      `the server refused initialize (${legacy.refused}) and does not speak 2026-07-28 either`,
      { cause: error },
    );
  }
}
