import { wholeOf } from "../../params.ts";
import { type TlsTrust, tlsOptions } from "../tls.ts";
import { type Answer, readBy } from "./answer.ts";
import type { Request } from "./request.ts";

/** The same where a proxy of the environment connects in our place: `fetch` knows the ways of proxies. */
export async function throughProxy(url: URL, trust: TlsTrust, name: string | undefined, request: Request) {
  const { method, fields, body, ending } = request;
  // Bun's own limit would end a tool that thinks for longer; ours is the one that counts.
  const own = { redirect: "manual", timeout: false, tls: tlsOptions(trust, name) } as const;
  const init = {
    ...own,
    method,
    headers: { ...fields.record },
    body: body === undefined ? null : wholeOf(body),
    signal: ending.signal,
  };
  return answerOf(await fetch(url.href, init as RequestInit));
}

function answerOf(response: Response): Answer {
  const letGo = () => void response.body?.cancel().catch(() => {});
  const read = readBy(async (receive) => {
    for await (const bytes of response.body ?? []) await receive(Buffer.from(bytes));
  });
  return {
    status: response.status,
    header: (name) => response.headers.get(name) ?? undefined,
    letGo,
    read,
    async text(maxBytes) {
      const parts: Uint8Array[] = [];
      let size = 0;
      for await (const bytes of response.body ?? []) {
        size += bytes.length;
        if (size > maxBytes) return undefined;
        parts.push(bytes);
      }
      return Buffer.concat(parts).toString();
    },
  };
}
