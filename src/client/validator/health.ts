import { McpFailure } from "../sdk.ts";
import { inShort } from "./exchange.ts";
import type { Wire } from "./speaker.ts";
import type { Done } from "./stepper.ts";

/** One GET before anything else: of a path of the same server, or of any address. @throws McpFailure transport */
export async function healthy(wire: Wire, where: string): Promise<Done<undefined>> {
  const url = new URL(where, wire.url).href;
  // Who asks another server how it is does not show it the token of this one.
  const as = new URL(url).origin === new URL(wire.url).origin ? "us" : "nobody";
  const answer = await wire.send({ url, method: "GET", as, headers: { accept: "*/*" } });
  if (answer.status < 200 || answer.status >= 300) throw new McpFailure("transport", inShort(answer));
  return { detail: `HTTP ${answer.status}`, value: undefined };
}
