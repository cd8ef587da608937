import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { kinds } from "../../src/resources/index.ts";
import { type World, world } from "../world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
  await w.must("POST", "/api/v1/servers", { name: "own", command: ["true"], replicas: 0 });
});
afterAll(() => w.close());

let count = 0;
const project = async (): Promise<string> => {
  const name = `p${++count}`;
  await w.must("POST", "/api/v1/projects", { name, servers: [], description: "old" });
  return name;
};
const get = async (path: string) => (await w.api("GET", `/api/v1/${path}`)).json;

type Turn = (text: string, path: string) => string | number | Promise<string>;
/** Somebody in an editor, who does one thing each time it opens; remembers what stood there. */
function person(...turns: Turn[]) {
  const seen: string[] = [];
  const paths: string[] = [];
  const edit = async (path: string) => {
    const text = readFileSync(path, "utf8");
    seen.push(text);
    paths.push(path);
    const done = (await turns[seen.length - 1]?.(text, path)) ?? text;
    if (typeof done === "number") return done;
    writeFileSync(path, done);
    return 0;
  };
  return { seen, paths, edit };
}
const describeAs = (words: string) => (text: string) => text.replace(/^description: \w+/m, `description: ${words}`);
const remove = (path: string): number => {
  rmSync(path);
  return 0;
};
const keptPath = (err: string) => /your text is kept in (\S+);/.exec(err)?.[1] ?? "";

describe("what is saved is sent", () => {
  test("from a private file that is gone afterwards, with everything but the change as it was", async () => {
    const name = await project();
    const modes: number[] = [];
    const ann = person((text, path) => {
      modes.push(statSync(path).mode & 0o777, statSync(dirname(path)).mode & 0o777);
      return describeAs("new")(text);
    });
    expect(await w.cli(["edit", "project", name], { edit: ann.edit })).toEqual({
      code: 0,
      out: `project/${name} edited`,
      err: "",
    });
    expect(await get(`projects/${name}`)).toMatchObject({ description: "new", servers: [], version: 2 });
    expect(modes).toEqual([0o600, 0o700]);
    expect(existsSync(dirname(ann.paths[0] ?? "/"))).toBe(false);
    expect(ann.seen[0]).toStartWith(`# project "${name}", version 1. Save and close to change it;`);
    expect(ann.seen[0]).toContain(`\n\nkind: project\nid: `);
  });

  test("for kind/name, an id, with -o and --quiet", async () => {
    const name = await project();
    const { id } = await get(`projects/${name}`);
    const words = (index: number) => ({ edit: person(describeAs(`d${index}`)).edit });
    expect((await w.cli(["edit", `projects/${name}`, "-q"], words(1))).out).toBe("");
    expect((await w.cli(["edit", "project", id, "-o", "name"], words(2))).out).toBe(`projects/${name}`);
    expect((await get(`projects/${name}`)).version).toBe(3);
  });

  test("a secret's values are not shown, and are replaced or left alone", async () => {
    await w.must("POST", "/api/v1/secrets", { name: "vault", data: { key: "s3cret" } });
    const ann = person((text) => `${text}description: d\n`);
    expect((await w.cli(["edit", "secret", "vault"], { edit: ann.edit })).code).toBe(0);
    expect(ann.seen[0]).not.toContain("s3cret");
    expect(await get("secrets/vault")).toMatchObject({ description: "d", keys: ["key"] });
    const { edit } = person((text) => `${text}data: {other: x}\n`);
    expect((await w.cli(["edit", "secret", "vault"], { edit })).out).toBe("secret/vault edited");
    expect((await get("secrets/vault")).keys).toEqual(["other"]);
  });
});

describe("nothing is sent", () => {
  test.each([
    ["unchanged", (text: string) => text],
    ["emptied", () => ""],
    ["only comments", () => "# nothing\n"],
    ["another form of the same", (text: string) => text.replace("servers: []", "servers:   [ ]")],
    ["taken away", (_: string, path: string) => remove(path)],
  ] as [string, Turn][])("%s", async (_, turn) => {
    const name = await project();
    const ann = person(turn);
    expect(await w.cli(["edit", "project", name], { edit: ann.edit, answers: [] })).toEqual({
      code: 0,
      out: "",
      err: "Edit cancelled, no changes made.",
    });
    expect((await get(`projects/${name}`)).version).toBe(1);
    expect(existsSync(dirname(ann.paths[0] ?? "/"))).toBe(false);
  });

  test("when the editor fails; what was typed by then is kept", async () => {
    const name = await project();
    const quit = person(() => 1);
    const { code, err } = await w.cli(["edit", "project", name], { edit: quit.edit });
    expect([code, err]).toEqual([2, "error: the editor ended with 1; nothing was changed"]);
    expect(existsSync(quit.paths[0] ?? "/")).toBe(false);
    const crash = person((text, path) => {
      writeFileSync(path, describeAs("typed")(text));
      return 1;
    });
    const crashed = await w.cli(["edit", "project", name], { edit: crash.edit });
    expect(readFileSync(keptPath(crashed.err), "utf8")).toContain("description: typed");
    rmSync(dirname(keptPath(crashed.err)), { recursive: true });
  });

  test("for kinds that are made once; the next command is told", async () => {
    const said = async (...words: string[]) => (await w.cli(["edit", ...words])).err;
    expect(await said("token", "t", "-p", "demo")).toContain("hint: mcpctl token rotate NAME -p PROJECT, or");
    expect(await said("instance", "own-1")).toContain("instances are not edited\nhint: mcpctl edit server NAME");
    for (const kind of kinds.filter(({ verbs }) => !verbs.includes("update")))
      expect(await said(kind.kind, "x", "-p", "demo")).toMatch(/ are not edited\nhint: (?!mcpctl edit --help)/);
    expect(await said("project")).toContain("which project?");
    expect((await w.cli(["edit", "project", "nowhere"])).code).toBe(6);
  });
});

describe("what is refused is never lost", () => {
  test("a script gets the error, the path, and goes on with apply", async () => {
    const name = await project();
    const { edit } = person((text) => `${describeAs("kept")(text)}servrs: []\n`);
    const { code, err } = await w.cli(["edit", "project", name], { edit });
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(`this project "${name}" is not valid\n  /servrs: there is no`),
    ]);
    const path = keptPath(err);
    expect(err).toContain(`mcpctl apply -f ${path}`);
    writeFileSync(path, readFileSync(path, "utf8").replace("servrs: []\n", ""));
    expect((await w.cli(["apply", "-f", path])).out).toBe(`project/${name} configured`);
    expect((await get(`projects/${name}`)).description).toBe("kept");
    rmSync(dirname(path), { recursive: true });
  });

  test("a person gets the text back with the error on top, until it is right", async () => {
    const name = await project();
    const ann = person(
      (text) => text.replace("servers: []", "servers: [nowhere]"),
      (text) => text.replace("servers: [nowhere]", "servers: ["),
      (text) => text.replace("servers: [", "servers: [own]"),
    );
    expect(await w.cli(["edit", "project", name], { edit: ann.edit, answers: [] })).toMatchObject({ code: 0, err: "" });
    expect((await get(`projects/${name}`)).servers).toEqual(["own"]);
    expect(ann.seen[1]).toStartWith(
      `# error: this project "${name}" refers to what does not exist\n#   /servers/0: there is no server of this name\n#\n# project`,
    );
    expect(ann.seen[1]).toContain("\nservers: [nowhere]\n");
    expect(ann.seen[2]).toStartWith("# error: the edited text, document 1: this is not valid YAML\n#\n# project");
    expect(existsSync(dirname(ann.paths[0] ?? "/"))).toBe(false);
  });

  test("it ends when the text no longer changes, and emptying it cancels", async () => {
    const name = await project();
    const rename = (text: string) => text.replace(`name: ${name}`, "name: renamed");
    const stubborn = person(rename, (text) => text);
    const { code, err } = await w.cli(["edit", "project", name], { edit: stubborn.edit, answers: [] });
    expect([code, err]).toEqual([2, expect.stringContaining("a project is not renamed; create one of the new name")]);
    expect(stubborn.seen).toHaveLength(2);
    rmSync(dirname(keptPath(err)), { recursive: true });
    const { edit } = person(rename, () => "");
    expect((await w.cli(["edit", "project", name], { edit, answers: [] })).err).toBe(
      "Edit cancelled, no changes made.",
    );
  });

  test("somebody was faster: the version that is there now is shown, and no later one is overwritten", async () => {
    const name = await project();
    const faster = (description: string, mine: string) => async (text: string) => {
      await w.must("PUT", `/api/v1/projects/${name}`, { name, servers: [], description });
      return describeAs(mine)(text);
    };
    const ann = person(faster("theirs", "mine"), faster("again", "mine2"), (text) =>
      text.replace(/^description: .*$/m, "description: both"),
    );
    expect((await w.cli(["edit", "project", name], { edit: ann.edit, answers: [] })).out).toBe(
      `project/${name} edited`,
    );
    expect(ann.seen[1]).toContain("it is version 2 now, and version 1 was edited. This is what it is now, and yours");
    expect(ann.seen[1]).toContain("\n# description: theirs\n");
    expect(ann.seen[1]).toContain("\ndescription: mine\n");
    expect(ann.seen[2]).toContain("it is version 3 now, and version 2 was edited.");
    expect(await get(`projects/${name}`)).toMatchObject({ description: "both", version: 4 });
  });

  test("a script that was too slow, and one whose resource went away, are told apart", async () => {
    const name = await project();
    const slow = person(async (text) => {
      await w.must("PUT", `/api/v1/projects/${name}`, { name, servers: [], description: "theirs" });
      return describeAs("mine")(text);
    });
    const { code, err } = await w.cli(["edit", "project", name], { edit: slow.edit });
    expect([code, err]).toEqual([7, expect.stringContaining("it is version 2 now, and version 1 was edited")]);
    expect((await get(`projects/${name}`)).description).toBe("theirs");
    expect(readFileSync(keptPath(err), "utf8")).toContain("description: mine");
    const late = person(async (text) => {
      await w.api("DELETE", `/api/v1/projects/${name}`);
      return describeAs("mine")(text);
    });
    const gone = await w.cli(["edit", "project", name], { edit: late.edit, answers: [] });
    expect([gone.code, gone.err]).toEqual([6, expect.stringContaining("your text is kept in ")]);
    for (const path of [err, gone.err].map(keptPath)) rmSync(dirname(path), { recursive: true });
  });

  test("what may not be done is told, with the text kept", async () => {
    const token = await w.userWith("looker", [{ role: "view", resource: "*" }]);
    const name = await project();
    const { edit } = person(describeAs("mine"));
    const { code, err } = await w.cli(["edit", "project", name], { edit, variables: { MCPCTL_TOKEN: token } });
    expect([code, err]).toEqual([5, expect.stringContaining("your text is kept in ")]);
    rmSync(dirname(keptPath(err)), { recursive: true });
  });
});

describe("the real editor", () => {
  const script = (text: string) => {
    const path = join(w.home, "editor.sh");
    writeFileSync(path, text);
    return path;
  };

  test("is started with its arguments and the file", async () => {
    const name = await project();
    const path = script('sed "s/description: old/description: $1/" "$2" > "$2.new" && mv "$2.new" "$2"\n');
    const variables = { EDITOR: `sh ${path} by-hand` };
    expect((await w.cli(["edit", "project", name], { variables })).out).toBe(`project/${name} edited`);
    expect((await get(`projects/${name}`)).description).toBe("by-hand");
  });

  test("that is not there is told, and so is nobody to edit", async () => {
    const name = await project();
    const missing = await w.cli(["edit", "project", name], { variables: { VISUAL: "no-such-editor" } });
    expect([missing.code, missing.err]).toEqual([
      2,
      expect.stringContaining("the editor no-such-editor cannot be started"),
    ]);
    expect((await w.cli(["edit", "project", name])).err).toContain("there is no terminal for an editor");
  });
});
