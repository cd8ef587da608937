import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Result } from "./compare.ts";
import { project, server, startGateway } from "./gateway.ts";
import { type ClientLeg, clientScenarios, eraOf, type Leg } from "./legs.ts";
import { httpFixture, stdioFixture } from "./started.ts";
import { newest, type Score, type SuiteName, scoreOf, serverScore } from "./suite.ts";

/** What each suite says of the fixture with nothing in between. */
export async function directScores(legs: readonly Leg[]): Promise<Map<SuiteName, Score>> {
  const scores = new Map<SuiteName, Score>();
  for (const { suite } of legs) {
    if (scores.has(suite)) continue;
    await using fixture = await httpFixture(eraOf(suite));
    scores.set(suite, await serverScore(suite, fixture.url));
  }
  return scores;
}

/** One suite through a gateway that has one fixture behind it, both of them for this leg alone. */
export async function runServerLeg(leg: Leg, direct: ReadonlyMap<SuiteName, Score>): Promise<Result> {
  const result = { leg: leg.name, direct: direct.get(leg.suite) ?? new Map() };
  const fixture = leg.transport === "http" ? await httpFixture(leg.upstream) : undefined;
  try {
    const { command, env } = stdioFixture(leg.upstream);
    const variables = Object.entries(env).map(([name, value]) => ({ name, value }));
    const behind = fixture === undefined ? { command, env: variables } : { url: fixture.url };
    const gateway = await startGateway(behind, leg.endpoint === "project" ? { toolNames: "plain" } : {});
    const path = leg.endpoint === "project" ? "mcp" : `servers/${server}/mcp`;
    try {
      const url = `${gateway.origin}/projects/${project}/${path}`;
      return { ...result, through: await serverScore(leg.suite, url, gateway.token) };
    } finally {
      await gateway.stop();
    }
  } catch (error) {
    return { ...result, through: new Map(), error: String(error).split("\n")[0] ?? "" };
  } finally {
    await fixture?.stop();
  }
}

/** The suite's own servers, driven through a gateway; what an official client of their era gets directly is what there is to get. */
export async function runClientLeg({ name, version, down }: ClientLeg): Promise<Result> {
  const direct: Score = new Map();
  const through: Score = new Map();
  for (const scenario of clientScenarios[version]) {
    const driven = async (words: string): Promise<Score> => {
      const command = `${process.execPath} ${join(import.meta.dir, "drive.ts")} ${words}`;
      return await scoreOf(
        [fileURLToPath(newest), "client", "--command", command, "--scenario", scenario, "--spec-version", version],
        {},
      );
    };
    for (const [key, count] of await driven(`${eraOf(version)} direct`)) direct.set(key, count);
    for (const [key, count] of await driven(down)) through.set(key, count);
  }
  return { leg: name, direct, through };
}
