import { expect, test } from "bun:test";
import type { Env, Screen } from "../../src/cli/environment.ts";
import { type Status, statusPage } from "../../src/cli/status-page.ts";

const page = (status: Partial<Status>, screen?: Screen): string[] =>
  statusPage(
    "http://127.0.0.1:3200",
    {
      version: "1.0.0",
      uptimeSeconds: 3_700,
      dataDir: "/data",
      database: "ok",
      audit: { waiting: 0, dropped: 0 },
      open: { sessions: 2, streams: 1 },
      process: { memoryBytes: 90 * 1024 ** 2, memoryLimitBytes: 2 * 1024 ** 3, openFiles: 31, openFilesLimit: 1024 },
      counts: { servers: status.servers?.length ?? 0, projects: status.projects?.length ?? 0, users: 1, groups: 0 },
      servers: [],
      projects: [],
      ...status,
    },
    { isTerminal: screen !== undefined, screen, variables: { NO_COLOR: "1" } } as unknown as Env,
  ).split("\n");

const screen = { columns: 80, rows: 24 };
const well = (name: string) => ({ name, state: "RUNNING", health: "healthy", tools: 12 });
const head = [
  "mcpctl 1.0.0 at http://127.0.0.1:3200, up 1h 1m, data in /data",
  "database ok, 2 sessions, 1 stream, 0 audit events to write",
  "memory 90 MiB of 2 GiB, 31 files open of 1024",
];

test("of nothing there is not much to say", () => {
  expect(page({}, screen)).toEqual([...head, "0 servers, 1 user"]);
});

test("three servers and their projects: the worst first, and why", () => {
  const servers = [
    well("files"),
    { name: "far", state: "ERROR", health: "unhealthy", reason: "it cannot be reached" },
    { ...well("search"), health: "degraded", probeReason: "the server gave no answer within 10 s" },
  ];
  const projects = [
    { name: "all", servers: 3, there: 2 },
    { name: "docs", servers: 1, there: 1 },
  ];
  expect(page({ servers, projects }, screen)).toEqual([
    ...head,
    "3 servers, 2 projects, 1 user",
    "",
    "SERVER   STATE     HEALTH      TOOLS   REASON",
    "far      ERROR     unhealthy           it cannot be reached",
    "search   RUNNING   degraded    12      the server gave no answer within 10 s",
    "files    RUNNING   healthy     12",
    "",
    "PROJECT   SERVERS",
    "all       2 of 3",
    "docs      1 of 1",
  ]);
});

test("sixty servers fit on a screen: what does not run is all there, the rest is counted; a program gets all of them", () => {
  const broken = (name: string) => ({
    name,
    state: "ERROR",
    reason: `exited with code 3, and said ${"much ".repeat(40)}`,
  });
  const servers = [...Array.from({ length: 57 }, (_, i) => well(`s${i}`)), ...["x", "y", "z"].map(broken)];
  const projects = Array.from({ length: 9 }, (_, i) => ({ name: `p${i}`, servers: 2, there: i === 5 ? 1 : 2 }));
  const lines = page({ servers, projects }, screen);
  expect(lines.length).toBeLessThanOrEqual(23);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(lines.filter((line) => line.includes("ERROR"))).toHaveLength(3);
  expect(lines.find((line) => line.startsWith("and "))).toBe("and 51 more that run");
  expect(lines).toContain("p5        1 of 2");
  expect(lines.at(-1)).toBe("and 5 more");
  expect(page({ servers, projects }).filter((line) => line.includes("RUNNING"))).toHaveLength(57);
});

test("what is lost is told, and what a system does not tell is left out", () => {
  const [, second, third] = page(
    { audit: { waiting: 10_000, dropped: 7 }, process: { memoryBytes: 1024 ** 2 } },
    screen,
  );
  expect(second).toEndWith("10000 audit events to write, 7 lost");
  expect(third).toBe("memory 1 MiB");
});
