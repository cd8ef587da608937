import { Problem } from "../lib/problem.ts";

/** Bare names: the port does not matter, and a pattern would let in what nobody has thought of. */
const hostName = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;
/** As browsers write it. `null` is what every sandboxed page and local file says. */
const origin = /^[a-z][a-z0-9+.-]*:\/\/[^\s/,*@?#\\]+$/;

/** @throws Problem `invalid` */
export function allowedHostsOf(entries: readonly string[]): readonly string[] {
  const hosts = entries.map((entry) => entry.trim().toLowerCase());
  if (hosts.every((host) => hostName.test(host))) return hosts;
  throw new Problem("invalid", "allowedHosts takes names such as mcp.example.com, without scheme, port or *", {
    hint: whence("allowed-hosts", "MCPCTL_ALLOWED_HOSTS"),
  });
}

/** @throws Problem `invalid` */
export function allowedOriginsOf(entries: readonly string[]): readonly string[] {
  const origins = entries.map((entry) => entry.trim());
  if (origins.every(isOrigin)) return origins;
  throw new Problem(
    "invalid",
    "allowedOrigins takes origins as browsers send them, such as https://ui.example.com or http://localhost:5173; neither a path nor * nor null",
    { hint: whence("allowed-origins", "MCPCTL_ALLOWED_ORIGINS") },
  );
}

function isOrigin(text: string): boolean {
  if (!origin.test(text)) return false;
  return !/^https?:/.test(text) || URL.parse(text)?.origin === text;
}

const whence = (flag: string, env: string) =>
  `it is read from --${flag}, ${env} (both separated by commas) and the configuration file, in this order`;
