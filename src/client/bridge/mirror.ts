import { isObject } from "../../lib/object.ts";
import { encodeHeader, headersFor, type ParamHeader, paramHeadersIn } from "../../mcp/param-headers.ts";
import { mirroredParameter } from "../../mcp/protocol.ts";
import type { Message } from "./message.ts";

/**
 * The headers in which a modern client over HTTP repeats what its message says (2026-07-28, transports): over standard input there are none,
 * so they are made here. Which arguments a tool mirrors is learnt from the lists that pass by.
 */
export function createMirror() {
  const declared = new Map<string, readonly ParamHeader[]>();

  /** Notes what the tools of a `tools/list` result declare. */
  function learn(result: unknown): void {
    const tools = isObject(result) && Array.isArray(result["tools"]) ? result["tools"] : [];
    for (const tool of tools) {
      if (!isObject(tool) || typeof tool["name"] !== "string") continue;
      const found = paramHeadersIn(tool["inputSchema"]);
      if ("declared" in found && found.declared.length > 0 && declared.size < mostTools)
        declared.set(tool["name"], found.declared);
    }
  }

  function headers({ method, params, modernVersion }: Message): Record<string, string> {
    if (modernVersion === undefined || method === undefined) return {};
    const name = params[mirroredParameter[method] ?? ""];
    const args = method === "tools/call" ? declared.get(String(name)) : undefined;
    return {
      "mcp-protocol-version": modernVersion,
      "mcp-method": method,
      ...(typeof name === "string" ? { "mcp-name": encodeHeader(name) } : {}),
      ...(args === undefined ? {} : headersFor(args, params["arguments"])),
    };
  }

  return { learn, headers };
}

const mostTools = 10_000;
