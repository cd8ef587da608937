import { cutToWidth } from "../lib/cut.ts";
import { printable } from "../lib/printable.ts";
import type { Env, Screen } from "./environment.ts";
import { table } from "./output.ts";
import { fitted, wrapped } from "./wrap.ts";

/** What `/api/v1/status` answers. What is about the machine is told to who has the right `metrics`. */
export type Status = {
  version: string;
  uptimeSeconds: number;
  /** It stops: what is under way is still answered. */
  stopping?: { calls: number };
  dataDir?: string;
  database?: string;
  audit?: { waiting: number; dropped: number };
  open?: { sessions: number; streams: number };
  process?: { memoryBytes: number; memoryLimitBytes?: number; openFiles?: number; openFilesLimit?: number };
  counts: Record<string, number>;
  servers: ServerStatus[];
  projects: { name: string; servers: number; there: number }[];
};

type ServerStatus = {
  name: string;
  state: string;
  copies?: string;
  health?: string;
  tools?: number;
  reason?: string;
  probeReason?: string;
  breaker?: { state: string; last?: string };
};

/** The whole instance in a screenful: on a terminal what is well gives way to what is not. */
export function statusPage(url: string, status: Status, env: Env): string {
  const { version, uptimeSeconds, dataDir, counts, servers, projects } = status;
  const data = dataDir === undefined ? "" : `, data in ${printable(dataDir)}`;
  const head = [`mcpctl ${version} at ${url}, up ${uptime(uptimeSeconds)}${data}`, ...itself(status)];
  const some = Object.entries(counts).filter(([plural, count]) => count > 0 || plural === "servers");
  const summed = some.map(([plural, count]) => counted(count, plural)).join(", ");
  const told = [...head, ...stopLine(status)].flatMap((line) => fitted(line, env.screen).split("\n"));
  const lines = [...told, ...wrapped(summed, env.screen?.columns ?? Number.POSITIVE_INFINITY)];
  const room = roomIn(env.screen, lines.length, servers.length, projects.length);
  const blocks = [serversBlock(servers, room.servers, env), projectsBlock(projects, room.projects, env)];
  return [lines.join("\n"), ...blocks.filter((block) => block !== "")].join("\n\n");
}

function stopLine({ stopping }: Status): string[] {
  if (stopping === undefined) return [];
  const { calls } = stopping;
  const left =
    calls === 0
      ? "nothing is under way"
      : `${counted(calls, "calls")} under way ${calls === 1 ? "is" : "are"} still answered`;
  return [`It stops: new work is refused, ${left}`];
}

function itself({ database, audit, open, process }: Status): string[] {
  const parts = [
    ...(database === undefined ? [] : [`database ${database}`]),
    ...(open === undefined ? [] : [counted(open.sessions, "sessions"), counted(open.streams, "streams")]),
    ...(audit === undefined
      ? []
      : [`${audit.waiting} audit events to write${audit.dropped === 0 ? "" : `, ${audit.dropped} lost`}`]),
  ];
  return [...(parts.length === 0 ? [] : [parts.join(", ")]), ...(process === undefined ? [] : [footprintOf(process)])];
}

function footprintOf({ memoryBytes, memoryLimitBytes, openFiles, openFilesLimit }: NonNullable<Status["process"]>) {
  const memory = `memory ${size(memoryBytes)}${memoryLimitBytes === undefined ? "" : ` of ${size(memoryLimitBytes)}`}`;
  if (openFiles === undefined) return memory;
  return `${memory}, ${openFiles} files open${openFilesLimit === undefined ? "" : ` of ${openFilesLimit}`}`;
}

/** What needs somebody to look at it comes first. */
const rank = ({ state, health, breaker }: ServerStatus): number =>
  state === "ERROR"
    ? 0
    : health === "unhealthy"
      ? 1
      : breaker?.state === "open" || health === "degraded"
        ? 2
        : state === "RUNNING"
          ? 4
          : state === "STOPPED"
            ? 5
            : 3;

const why = ({ reason, probeReason, breaker }: ServerStatus): string =>
  reason ?? probeReason ?? (breaker?.state === "open" ? breaker.last : undefined) ?? "";

function serversBlock(servers: readonly ServerStatus[], room: number, env: Env): string {
  if (servers.length === 0) return "";
  const sorted = servers.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, "en"));
  const shown = sorted.slice(0, room);
  const rows = shown.map((server) => [
    server.name,
    `${server.state}${server.copies === undefined ? "" : ` ${server.copies}`}`,
    server.health ?? "",
    String(server.tools ?? ""),
    why(server),
  ]);
  return [cutTable(["SERVER", "STATE", "HEALTH", "TOOLS", "REASON"], rows, env), ...rest(sorted.slice(room))].join(
    "\n",
  );
}

function rest(hidden: readonly ServerStatus[]): string[] {
  if (hidden.length === 0) return [];
  const running = hidden.filter(({ state }) => state === "RUNNING").length;
  const idle = hidden.length - running;
  const words = [
    ...(running === 0 ? [] : [`${running} more that run`]),
    ...(idle === 0 ? [] : [`${idle} more that do not`]),
  ];
  return [`and ${words.join(", ")}`];
}

function projectsBlock(projects: Status["projects"], room: number, env: Env): string {
  if (projects.length === 0) return "";
  const missing = ({ servers, there }: Status["projects"][number]) => servers - there;
  const sorted = projects.toSorted((a, b) => missing(b) - missing(a) || a.name.localeCompare(b.name, "en"));
  const rows = sorted.slice(0, room).map(({ name, servers, there }) => [name, `${there} of ${servers}`]);
  const hidden = projects.length - rows.length;
  return [table(["PROJECT", "SERVERS"], rows, env), ...(hidden === 0 ? [] : [`and ${hidden} more`])].join("\n");
}

/** How many rows of each table there is room for; all of them where there is no screen to fill. */
function roomIn(screen: Screen | undefined, above: number, servers: number, projects: number) {
  if (screen === undefined) return { servers, projects };
  // Two blank lines, two heads, two lines of "and more", and the prompt that follows.
  const room = Math.max(leastRows * 2, screen.rows - above - 7);
  const forProjects = Math.min(projects, Math.max(leastRows, room - servers));
  return { servers: Math.max(leastRows, room - forProjects), projects: forProjects };
}
const leastRows = 4;

/** The last column gives way to the edge of the screen. */
function cutTable(head: readonly string[], rows: readonly string[][], env: Env): string {
  if (env.screen === undefined) return table(head, rows, env);
  const widthOf = (i: number) => Math.max(...[head, ...rows].map((row) => Bun.stringWidth(row[i] ?? ""))) + gap;
  const taken = head.slice(0, -1).reduce((sum, _, i) => sum + widthOf(i), 0);
  const left = Math.max(head.at(-1)?.length ?? 0, env.screen.columns - taken);
  const cutRows = rows.map((row) => [...row.slice(0, -1), cutToWidth(row.at(-1) ?? "", left)]);
  return table(head, cutRows, env);
}
const gap = 3;

const counted = (count: number, plural: string): string =>
  `${count} ${count === 1 && plural.endsWith("s") ? plural.slice(0, -1) : plural}`;

const size = (bytes: number): string =>
  bytes >= 1024 ** 3 ? `${Math.round((bytes / 1024 ** 3) * 10) / 10} GiB` : `${Math.round(bytes / 1024 ** 2)} MiB`;

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
