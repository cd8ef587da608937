import { expect, test } from "bun:test";
import { type FindingId, findings } from "../../../src/client/validator/findings.ts";
import { probes } from "../../../src/client/validator/suites.ts";
import { type Check, validate } from "../../../src/client/validator/validate.ts";
import { otherToken, rightToken, startWrongServer } from "./server.ts";

async function foundOn(weaknesses: readonly FindingId[], over: Partial<Check> = {}) {
  const server = startWrongServer(weaknesses);
  try {
    const check: Check = {
      url: server.url,
      token: rightToken,
      headers: {},
      protocol: "auto",
      timeoutMs: 5_000,
      expectTools: [],
      call: undefined,
      suites: ["security"],
      otherToken,
      bait: { host: "127.0.0.1", port: 0 },
      ...over,
    };
    const report = await validate(check);
    return { report, ids: (report.findings ?? []).map(({ id }) => id), left: server.sessions.size };
  } finally {
    await server.stop();
  }
}

test("a sound server has no finding, every probe was tried on it, and no session is left", async () => {
  const { report, ids, left } = await foundOn([]);
  expect(ids).toEqual([]);
  expect(report).toMatchObject({ exitCode: 0, verdict: "pass" });
  const skipped = report.suites?.flatMap(({ results }) => results).filter(({ outcome }) => outcome === "skipped");
  expect(skipped).toEqual([]);
  expect(left).toBe(0);
});

/** Several at a time, as far as none hides another: who lets in everybody has no credential to get round. A whole run takes a third of a second. */
const groups: FindingId[][] = [
  [
    "MCP-SEC-001",
    "MCP-SEC-004",
    "MCP-SEC-006",
    "MCP-SEC-008",
    "MCP-SEC-009",
    "MCP-SEC-011",
    "MCP-SEC-014",
    "MCP-SEC-017",
    "MCP-SEC-018",
    "MCP-SEC-021",
    "MCP-SEC-025",
    "MCP-SEC-027",
  ],
  [
    "MCP-SEC-002",
    "MCP-SEC-007",
    "MCP-SEC-010",
    "MCP-SEC-012",
    "MCP-SEC-013",
    "MCP-SEC-015",
    "MCP-SEC-019",
    "MCP-SEC-020",
    "MCP-SEC-028",
  ],
  [
    "MCP-SEC-002",
    "MCP-SEC-003",
    "MCP-SEC-005",
    "MCP-SEC-016",
    "MCP-SEC-022",
    "MCP-SEC-023",
    "MCP-SEC-024",
    "MCP-SEC-026",
    "MCP-SEC-029",
    "MCP-SEC-030",
  ],
];

test.each(groups.map((group) => [group.join(", "), group] as const))(
  "%s turn up exactly when they are there",
  async (_, group) => {
    const { report, ids } = await foundOn(group);
    expect(ids.toSorted()).toEqual(group);
    for (const { id, evidence, explain } of report.findings ?? []) {
      expect(evidence).not.toBe("");
      expect(explain).toBe(`mcpctl explain finding ${id}`);
    }
    expect(JSON.stringify(report)).not.toContain(rightToken);
    expect(report.exitCode).toBe(2);
  },
);

test("each finding has its probe and a server that has it", () => {
  const ids = findings.map(({ id }) => id);
  expect(probes.map(({ id }) => id).toSorted()).toEqual(ids);
  expect([...new Set(groups.flat())].toSorted()).toEqual(ids);
});
