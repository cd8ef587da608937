import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { fieldsFrom, flagsOfKind } from "../../src/cli/kind-flags.ts";
import { parseWords } from "../../src/cli/parse.ts";
import { verbs } from "../../src/cli/verbs.ts";
import { Problem } from "../../src/lib/problem.ts";
import type { AnyKind } from "../../src/resources/define.ts";
import { findKind } from "../../src/resources/index.ts";

const create = verbs["create"] as NonNullable<(typeof verbs)[string]>;

function fieldsOf(kind: string, ...flags: string[]) {
  const args = parseWords("create", create, flagsOfKind(kind), [kind, "x", ...flags]);
  return fieldsFrom(findKind(kind) as AnyKind, args);
}
const refusal = (kind: string, ...flags: string[]): string => {
  try {
    return JSON.stringify(fieldsOf(kind, ...flags));
  } catch (error) {
    return error instanceof Problem ? error.message : `no Problem: ${error}`;
  }
};

test("a field that is an object is written key by key, in one flag or in several", () => {
  const both = { limits: { callSeconds: 30, inFlight: 8 } };
  expect(fieldsOf("server", "--limits", "callSeconds=30", "--limits", "inFlight=8")).toEqual(both);
  expect(fieldsOf("server", "--limits", "callSeconds=30,inFlight=8")).toEqual(both);
  expect(fieldsOf("project", "--limits", "sessions=5")).toEqual({ limits: { sessions: 5 } });
});

test("values are what their fields are: numbers, yes or no, JSON, secrets, and text with commas", () => {
  expect(
    fieldsOf(
      "server",
      ...["--health-check", 'tool=ping,intervalSeconds=30,arguments={"q":"x,tool=y","n":[1,2]}'],
      ...["--tls", "ca=a,b,insecureSkipVerify=true", "--tls", "key=secret:vault/tls.key"],
      ...["--oauth", "tokenUrl=https://x.example/t?a=1,2,clientId=me,clientSecret=secret:vault/a/b,scope=a b"],
      ...["--cpus", "0.5", "--replicas", "2"],
      ...["--volumes", "/a,b:/c", "--volumes", "d:/e:ro"],
    ),
  ).toEqual({
    healthCheck: { tool: "ping", intervalSeconds: 30, arguments: { q: "x,tool=y", n: [1, 2] } },
    tls: { ca: "a,b", insecureSkipVerify: true, key: { secretRef: { name: "vault", key: "tls.key" } } },
    oauth: {
      tokenUrl: "https://x.example/t?a=1,2",
      clientId: "me",
      clientSecret: { secretRef: { name: "vault", key: "a/b" } },
      scope: "a b",
    },
    cpus: 0.5,
    replicas: 2,
    volumes: ["/a,b:/c", "d:/e:ro"],
  });
});

describe("what cannot be read is told with the flag, and never repeated", () => {
  test.each([
    [["--limits", "memroy=1g"], '--limits has no "memroy". Did you mean "--memory-mib"? It takes callSeconds,'],
    [["--limits", "call=30"], '--limits has no "call". Did you mean "callSeconds"? It takes callSeconds,'],
    [["--limits", "callSecond=30"], '--limits has no "callSecond". Did you mean "callSeconds"? It takes callSeconds,'],
    [["--limits", "hunter2"], "--limits takes KEY=VALUE, of callSeconds,"],
    [["--limits", ""], "--limits takes KEY=VALUE, of callSeconds,"],
    [["--limits", "callSeconds=hunter2"], "--limits callSeconds takes a whole number"],
    [["--limits", "callSeconds=1.5"], "--limits callSeconds takes a whole number"],
    [["--limits", "callSeconds=1", "--limits", "callSeconds=2"], "--limits callSeconds is given twice"],
    [
      ["--health-check", "tool=x,arguments={hunter2"],
      "--health-check arguments takes JSON, and stands last in its flag",
    ],
    [["--tls", "insecureSkipVerify=hunter2"], "--tls insecureSkipVerify takes true or false"],
    [["--oauth", "clientSecret=hunter2"], "--oauth clientSecret takes secret:NAME/KEY"],
    [["--cpus", "hunter2"], "--cpus takes a number"],
    [["--replicas", "0.5"], "--replicas takes a whole number"],
    [["--replicas", "-1"], "the flag --replicas needs a value; one that begins with a dash is written --replicas=-…"],
    [
      ["--health-check", "tool=x,intervalSecond=5"],
      '--health-check has no "intervalSecond". Did you mean "intervalSeconds"?',
    ],
    [["--health-check", "tool=x,verbose=hunter2"], '--health-check has no "verbose". It takes tool,'],
    [["--headers", "hunter2"], "--headers takes NAME=VALUE"],
    [["--env", "TOKEN=secret:hunter2"], "--env: a secret is written NAME=secret:SECRET/KEY"],
  ])("%j", (flags, words) => {
    expect(refusal("server", ...flags)).toStartWith(words);
    expect(refusal("server", ...flags)).not.toContain("hunter2");
  });
});

test("help names the keys of each such flag", () => {
  const { limits, "health-check": health } = flagsOfKind("server");
  expect(limits?.description).toContain("callSeconds, connectSeconds");
  expect(health?.description).toContain("tool, arguments, intervalSeconds");
});

describe("stages", () => {
  const stages = (...values: string[]) => fieldsOf("proxymodel", ...values.flatMap((value) => ["--stages", value]));
  const split = (config: object) => ({ type: "section-split", config });

  test("types in their order, with or without keys, in one flag or in several", () => {
    expect(stages("redact,section-split")).toEqual({ stages: [{ type: "redact" }, { type: "section-split" }] });
    const three = { stages: [{ type: "redact" }, split({ over: 4000, under: 400 }), { type: "paginate" }] };
    expect(stages("redact,section-split:over=4000,under=400,paginate")).toEqual(three);
    expect(stages(" redact , section-split:over=4000, under=400 , paginate")).toEqual(three);
    expect(stages("redact", "section-split:over=4000,under=400", "paginate")).toEqual(three);
    expect(stages("section-split:over=1,paginate:pageBytes=2")).toEqual({
      stages: [split({ over: 1 }), { type: "paginate", config: { pageBytes: 2 } }],
    });
  });

  test("values are numbers, yes or no, text that may hold commas and colons, and JSON to the end", () => {
    expect(stages("redact:email=true,card=false,note=a: b, c d,rate=0.5")).toEqual({
      stages: [{ type: "redact", config: { email: true, card: false, note: "a: b, c d", rate: 0.5 } }],
    });
    expect(stages('json-project:fields=["id","a,b=c"]', "toon")).toEqual({
      stages: [{ type: "json-project", config: { fields: ["id", "a,b=c"] } }, { type: "toon" }],
    });
    expect(stages('redact:words="x,paginate"')).toEqual({
      stages: [{ type: "redact", config: { words: "x,paginate" } }],
    });
  });

  test.each([
    ["", "--stages takes stages: TYPE,TYPE or TYPE:KEY=VALUE,KEY=VALUE"],
    ["Redact", "--stages takes stages: TYPE,TYPE or TYPE:KEY=VALUE,KEY=VALUE"],
    ["over=4", "--stages takes stages: TYPE,TYPE or TYPE:KEY=VALUE,KEY=VALUE"],
    ["section-split:", "--stages section-split: KEY=VALUE is expected after the colon"],
    ["section-split:hunter2", "--stages section-split: KEY=VALUE is expected after the colon"],
    ["section-split:over=1,over=2", "--stages section-split over is given twice"],
    ['json-project:fields=["hunter2"],toon', "--stages json-project fields takes JSON, which stands last in its flag"],
  ])("%s is refused", (value, message) => {
    expect(refusal("proxymodel", `--stages=${value}`)).toStartWith(message);
    expect(refusal("proxymodel", `--stages=${value}`)).not.toContain("hunter2");
  });

  test("what a manifest says and what flags say are the same, whatever the stages", () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
    const value = fc.oneof(
      fc.integer({ min: -9999, max: 9999 }),
      fc.boolean(),
      fc.stringMatching(/^[A-Z][A-Za-z :;/.]{0,8}[a-z]$/),
    );
    const stage = fc.record(
      { type: word, config: fc.dictionary(word, value, { minKeys: 1, maxKeys: 3 }) },
      { requiredKeys: ["type"] },
    );
    fc.assert(
      fc.property(fc.array(stage, { minLength: 1, maxLength: 4 }), (wanted) => {
        const written = wanted.map(({ type, config }) =>
          config === undefined ? type : `${type}:${Object.entries(config).map(([key, one]) => `${key}=${one}`)}`,
        );
        expect(stages(written.join(","))).toEqual({ stages: wanted });
        expect(stages(...written)).toEqual({ stages: wanted });
      }),
      { numRuns: 200 },
    );
  });
});

test("what is so without a word is denied by a flag, and a key is a secret's", () => {
  expect(fieldsOf("proxymodel", "--no-cacheable", "--applies-to", "prompt,resource")).toEqual({
    cacheable: false,
    appliesTo: ["prompt", "resource"],
  });
  expect(fieldsOf("proxymodel")).toEqual({});
  expect(refusal("proxymodel", "--cacheable")).toContain("there is no flag --cacheable");
  expect(fieldsOf("llm", "--api-key", "secret:vault/key", "--context-tokens", "32768", "--skip-auth-check")).toEqual({
    apiKey: { secretRef: { name: "vault", key: "key" } },
    contextTokens: 32768,
    skipAuthCheck: true,
  });
  expect(refusal("llm", "--api-key", "sk-hunter2")).toBe("--api-key takes secret:SECRET/KEY");
});
