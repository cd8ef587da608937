import type { SuiteName } from "./suite.ts";

/** One way through the gateway: a suite against it, and what stands behind it. */
export type Leg = {
  name: string;
  suite: SuiteName;
  upstream: "legacy" | "modern";
  transport: "http" | "stdio";
  /** The server's own endpoint, or the project's with plain names. */
  endpoint: "server" | "project";
};

/** The era in which a suite speaks; its direct score comes from the fixture of that era. */
export const eraOf = (suite: SuiteName): Leg["upstream"] => (suite === "2026-07-28" ? "modern" : "legacy");

const other = { legacy: "modern", modern: "legacy" } as const;
const suiteNames: SuiteName[] = ["2025-11-25", "2026-07-28", "0.1.16"];

const legsOf = (suite: SuiteName, kind: "same" | "cross"): Leg[] =>
  (["http", "stdio"] as const).flatMap((transport) =>
    (["server", "project"] as const).map((endpoint) => ({
      name: `${suite} ${kind} ${transport} ${endpoint}`,
      suite,
      upstream: kind === "same" ? eraOf(suite) : other[eraOf(suite)],
      transport,
      endpoint,
    })),
  );

export const serverLegs: Leg[] = suiteNames.flatMap((suite) => [
  ...legsOf(suite, "same"),
  ...(suite === "0.1.16" ? [] : legsOf(suite, "cross")),
]);

/** The suite as a server, the gateway as its client: what a revision's scenarios are, and in which era we are driven. */
export type ClientLeg = { name: string; version: "2025-11-25" | "2026-07-28"; down: "legacy" | "modern" };

export const clientScenarios: Record<ClientLeg["version"], string[]> = {
  "2025-11-25": [
    "initialize",
    "tools_call",
    "elicitation-sep1034-client-defaults",
    "sse-retry",
    "json-schema-2020-12-preservation",
  ],
  "2026-07-28": [
    "tools_call",
    "request-metadata",
    "sep-2322-client-request-state",
    "http-standard-headers",
    "http-custom-headers",
    "http-invalid-tool-headers",
    "json-schema-ref-no-deref",
    "json-schema-2020-12-preservation",
  ],
};

export const clientLegs: ClientLeg[] = (["2025-11-25", "2026-07-28"] as const).flatMap((version) => [
  { name: `${version} client same`, version, down: eraOf(version) },
  { name: `${version} client cross`, version, down: other[eraOf(version)] },
]);

/** Whether a leg is meant by words such as `same-http` or `2026-07-28 cross`: each of them stands in its name. */
export const isMeant = (name: string, words: string | undefined): boolean => {
  const revision = /\d{4}-\d\d-\d\d/g;
  const wanted = [...(words?.match(revision) ?? []), ...(words?.replace(revision, "").split(/[-\s]+/) ?? [])];
  return wanted.filter((word) => word !== "").every((word) => name.split(" ").includes(word));
};
