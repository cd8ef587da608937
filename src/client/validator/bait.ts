import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Bait } from "./ground.ts";

const mostVisits = 20;

/** A listener that tells nobody anything and notes who came. It is open only while the suite runs. @throws Error when it cannot listen there */
export async function openBait({ host, port }: { host: string; port: number }): Promise<Bait & { close: () => void }> {
  const secret = crypto.randomUUID();
  const visits: string[] = [];
  const server = createServer((request, response) => {
    // Others may knock here too: only who followed our address did what we asked.
    if (request.url?.includes(secret) === true && visits.length < mostVisits)
      visits.push(`${request.method} by ${request.headers["user-agent"] ?? "nobody"}`.slice(0, 120));
    response.end("mcpctl\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${bound}/${secret}`;
  return { url, visits: () => visits, close: () => void server.close() };
}
