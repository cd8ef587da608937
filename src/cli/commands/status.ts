import type { Env } from "../environment.ts";
import { formatOf, table } from "../output.ts";
import { clientFor } from "../session.ts";
import type { Args } from "../verb.ts";

type Status = {
  version: string;
  uptimeSeconds: number;
  dataDir?: string;
  counts: Record<string, number>;
  servers: { name: string; state: string; tools?: number; reason?: string }[];
};

export async function run(args: Args, env: Env): Promise<void> {
  const format = formatOf(args, ["table", "json"]);
  const client = clientFor(args, env);
  if (args.has("health")) return void (await client.send("GET", "/readyz"));
  const status = (await client.json("GET", "/api/v1/status")) as Status;
  if (format === "json") return env.out(JSON.stringify(status, null, 2));
  const { version, uptimeSeconds, dataDir, counts, servers } = status;
  env.out(
    `mcpctl ${version} at ${client.url}, up ${uptime(uptimeSeconds)}${dataDir === undefined ? "" : `, data in ${dataDir}`}`,
  );
  env.out(
    Object.entries(counts)
      .map(([plural, count]) => `${count} ${plural}`)
      .join(", "),
  );
  if (servers.length === 0) return;
  const rows = servers.map(({ name, state, tools, reason }) => [name, state, String(tools ?? ""), reason ?? ""]);
  env.out(`\n${table(["SERVER", "STATE", "TOOLS", "REASON"], rows, env)}`);
}

function uptime(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  return days > 0
    ? `${days}d ${hours}h`
    : hours > 0
      ? `${hours}h ${minutes}m`
      : minutes > 0
        ? `${minutes}m`
        : `${seconds}s`;
}
