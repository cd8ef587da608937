import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Definition, resolveModels } from "../../../../src/mcp/pipeline/models/resolve.ts";
import type { PluginContext } from "../../../../src/mcp/pipeline/plugin.ts";
import { contentTypes } from "../../../../src/mcp/pipeline/stage.ts";

const plugin = (name: string, parents: string[] = [], hooks: Definition["hooks"] = {}): Definition => ({
  name,
  description: "",
  type: "plugin",
  source: "local",
  extends: parents,
  hooks,
  pipeline: undefined,
  version: "1",
});
const pipeline = (name: string, parents: string[] = []): Definition => ({
  ...plugin(name, parents),
  type: "pipeline",
  pipeline: { stages: [{ type: name, config: {} }], appliesTo: contentTypes, cacheable: true },
});
const says = (words: string) => ({ onInitialize: () => words });
const resolve = (...definitions: Definition[]) => {
  const models = resolveModels(definitions);
  return (name: string) => {
    const model = models.get(name);
    if (model === undefined) throw new Error(`there is no ${name}`);
    return model;
  };
};
const content = { ...plugin("content-pipeline", [], { onToolCallAfter: (_c, _t, result) => result }) };
const ofContent = { ...content, pipeline: pipeline("usual").pipeline };
const gate = plugin("gate", [], says("gate"));
const nobody = {} as PluginContext;

test("a child has its parents' hooks, and its own where it has one", () => {
  const of = resolve(gate, plugin("child", ["gate"]), plugin("own", ["child"], says("own")));
  expect(of("child").hooks.onInitialize?.(nobody, "")).toBe("gate");
  expect(of("child").origin).toEqual({ onInitialize: "gate" });
  expect(of("own").hooks.onInitialize?.(nobody, "")).toBe("own");
  expect(of("own").origin).toEqual({ onInitialize: "own" });
});

test("two parents with the same hook are a fault, unless the child has it or both have it from the same one", () => {
  const other = plugin("other", [], says("other"));
  const of = resolve(
    gate,
    other,
    plugin("both", ["gate", "other"]),
    plugin("own", ["gate", "other"], says("own")),
    plugin("left", ["gate"]),
    plugin("right", ["gate"]),
    plugin("diamond", ["left", "right", "gate", "left"]),
    plugin("below", ["both"]),
    plugin("deep", ["below"]),
  );
  expect(of("both").fault).toBe('"gate" and "other" both have onInitialize: it needs its own');
  expect(of("both").hooks).toEqual({});
  expect(of("own").fault).toBeUndefined();
  expect(of("diamond").fault).toBeUndefined();
  expect(of("diamond").origin).toEqual({ onInitialize: "gate" });
  expect(of("deep").fault).toBe('its parent "both": "gate" and "other" both have onInitialize: it needs its own');
});

test("the hooks of a session's life run one after the other, parents in their order and the child last, each once", async () => {
  const ran: string[] = [];
  const runs = (name: string) => ({
    onSessionCreate: async () => {
      await 1;
      ran.push(name);
    },
    onSessionDestroy: () => void ran.push(`${name} ends`),
  });
  const of = resolve(
    plugin("first", [], runs("first")),
    plugin("a", ["first"], runs("a")),
    plugin("b", ["first"], runs("b")),
    plugin("child", ["b", "a"], runs("child")),
  );
  const { hooks, origin } = of("child");
  await hooks.onSessionCreate?.(nobody);
  await hooks.onSessionDestroy?.({ id: "i", isSession: true });
  expect(ran).toEqual(["first", "b", "a", "child", "first ends", "b ends", "a ends", "child ends"]);
  expect(origin.onSessionCreate).toBe("first, b, a, child");
});

test("a circle, a parent that there is not, and a parent with a fault are told; others are not touched", () => {
  const of = resolve(
    gate,
    plugin("a", ["b"]),
    plugin("b", ["c"]),
    plugin("c", ["a"]),
    plugin("self", ["self"]),
    plugin("outside", ["a"]),
    plugin("orphan", ["nowhere"]),
    { ...plugin("broken"), fault: "it is broken" },
    plugin("heir", ["gate", "broken"]),
    { ...plugin("old", [], says("old")), note: "it was edited badly" },
    plugin("young", ["old"]),
  );
  expect(of("a").fault).toBe("its parents go round in a circle: a → b → c → a");
  for (const name of ["b", "c", "outside"]) expect(of(name).fault).toContain("a → b → c → a");
  expect(of("self").fault).toBe("its parents go round in a circle: self → self");
  expect(of("orphan").fault).toBe('it extends "nowhere", which there is not');
  expect(of("heir").fault).toBe('its parent "broken": it is broken');
  expect(of("heir").hooks).toEqual({});
  expect(of("gate").fault).toBeUndefined();
  // What is only to be known takes nothing away, and is no child's fault.
  expect(of("old")).toMatchObject({ fault: "it was edited badly", origin: { onInitialize: "old" } });
  expect(of("young")).toMatchObject({ fault: undefined, origin: { onInitialize: "old" } });
});

test("stages are run by content-pipeline's hooks; those of a child take the place of its parents'", () => {
  const of = resolve(
    gate,
    ofContent,
    plugin("default", ["gate", "content-pipeline"]),
    pipeline("mine", ["default"]),
    pipeline("bare"),
    plugin("heir", ["bare", "gate"]),
    plugin("two", ["bare", "mine"]),
    { ...pipeline("empty", ["gate"]), pipeline: undefined },
  );
  const stages = (name: string) => of(name).pipeline?.stages.map(({ type }) => type);
  expect(of("mine").fault).toBeUndefined();
  expect(of("mine").origin).toEqual({ onInitialize: "gate", onToolCallAfter: "content-pipeline" });
  expect(stages("mine")).toEqual(["mine"]);
  expect(stages("default")).toEqual(["usual"]);
  expect(of("bare").origin).toEqual({ onToolCallAfter: "content-pipeline" });
  expect(stages("heir")).toEqual(["bare"]);
  expect(of("two").fault).toBe('"bare" and "mine" both have stages: it needs its own');
  expect(stages("empty")).toEqual(["usual"]);
});

test("another version of a parent is another version of its children, and of nobody else", () => {
  const versions = (version: string) => {
    const of = resolve({ ...gate, version }, plugin("child", ["gate"]), plugin("other"));
    return ["gate", "child", "other"].map((name) => of(name).version);
  };
  const [before, after] = [versions("1"), versions("2")];
  expect(before.map((version, i) => version === after[i])).toEqual([false, false, true]);
});

test("a lattice of parents and a long line of them cost little", () => {
  const levels = Array.from({ length: 30 }, (_, level) =>
    ["x", "y", "z"].map((side) =>
      plugin(`${side}${level}`, level === 0 ? [] : [`x${level - 1}`, `y${level - 1}`, `z${level - 1}`]),
    ),
  );
  expect(resolve(...levels.flat())("x29").fault).toBeUndefined();
  const line = Array.from({ length: 5_000 }, (_, i) => plugin(`m${i}`, i === 0 ? [] : [`m${i - 1}`]));
  for (const all of [line, line.toReversed()]) {
    const of = resolve(...all);
    expect(of("m31").fault).toBeUndefined();
    expect(of("m32").fault).toBe("its parents' parents go deeper than 32");
    expect(of("m4999").fault).toBe('its parent "m32": its parents\' parents go deeper than 32');
  }
});

test("whatever is written, each model is there, is whole or has a fault, and the order does not matter", () => {
  const names = ["a", "b", "c", "d", "e"];
  const written = fc.tuple(
    ...names.map((name) =>
      fc
        .record({
          parents: fc.uniqueArray(fc.constantFrom(...names, "nowhere"), { maxLength: 3 }),
          hooked: fc.boolean(),
        })
        .map(({ parents, hooked }) => plugin(name, parents, hooked ? says(name) : {})),
    ),
  );
  fc.assert(
    fc.property(written, fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 }), (all, order) => {
      const models = resolveModels(all);
      const others = resolveModels(order.flatMap((i) => all[i] ?? []));
      for (const { name } of all) {
        const [one, other] = [models.get(name), others.get(name)];
        expect(one?.fault === undefined).toBe(other?.fault === undefined);
        expect(one?.origin).toEqual(other?.origin ?? {});
        if (one?.fault !== undefined) expect(one.hooks).toEqual({});
      }
    }),
  );
});
