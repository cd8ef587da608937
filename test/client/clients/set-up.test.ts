import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ClientRow, FormatName, SetUpFile, Wiring } from "../../../src/client/clients/client.ts";
import { readEntry } from "../../../src/client/clients/entry.ts";
import { clientRow, clientRows } from "../../../src/client/clients/index.ts";
import { readLedger } from "../../../src/client/clients/ledger.ts";
import { carryOut, fileOf, planOf, undo } from "../../../src/client/clients/set-up.ts";

const base = mkdtempSync(join(tmpdir(), "mcpctl-clients-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));
let home = "";
let count = 0;
beforeEach(() => {
  home = join(base, String(count++));
  mkdirSync(home);
});

type Filed = ClientRow & { file: SetUpFile };
const filed = clientRows.filter((row): row is Filed => row.file !== undefined);
const url = "http://127.0.0.1:3200/projects/demo/mcp";
const wiring: Wiring = {
  ...{ name: "demo", project: "demo", url, token: "mcpctl_pat_secret", variable: undefined },
  ...{ origin: "http://127.0.0.1:3200", program: ["/usr/local/bin/mcpctl"] },
};
const where = (row: Filed) =>
  fileOf(row, row.file, { platform: "linux", home, folder: join(home, "work"), variables: {} }, undefined);

type Given = { bridge?: boolean; force?: boolean; wiring?: Wiring };
async function write(row: Filed, path: string, given: Given = {}) {
  const { bridge = row.file.entry === undefined, force = false } = given;
  const plan = await planOf({
    row,
    file: row.file,
    path,
    wiring: given.wiring ?? wiring,
    bridge,
    home: join(home, ".mcpctl"),
    force,
  });
  const about = { client: row.id, name: "demo", project: "demo", origin: wiring.origin };
  return { plan, copy: carryOut(plan, about, join(home, ".mcpctl"), 0) };
}
const undone = (row: Filed) => {
  const [last] = readLedger(join(home, ".mcpctl")).slice(-1);
  return last === undefined ? undefined : undo(row.file, last, join(home, ".mcpctl"));
};

function put(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** What people have in their files, in a hand of their own: all of it stays. */
const existing: Record<FormatName, (at: string) => string> = {
  json: (at) =>
    `\ufeff{\r\n\t// mine\r\n\t"theme": "dark", /* odd */ "n": 1e3,\r\n\t"${at}": {\r\n\t\t"other": {"command":"x",},\r\n\t},\r\n\t"last": [1,2, 3]\r\n}`,
  yaml: (at) =>
    `# mine\nfirst:   'x'   # odd\n${at}:\n${at === "mcpServers" || at === "extensions" ? "" : ""}REST\nlast: [a,   b]\n\n# the end\n`,
  toml: (at) =>
    `# mine\nmodel = "x"   # odd\nwhen = 1979-05-27T07:32:00Z\n\n[${at}.other]  # keep\nargs = [\n  "a", # b\n]\n\n# of things\n[[things]]\nn = 1\n`,
};
function fixtureOf({ file }: Filed): string {
  const text = existing[file.format](file.at[0] ?? "");
  return text.replace(
    "REST",
    file.list === undefined
      ? "    other:\n        a: 1     # four blanks\n    # under it"
      : "- name: other\n  url: http://x\n- {name: flow}",
  );
}

describe("every client with a file", () => {
  test.each(filed.map((row) => [row.id, row] as const))("%s: made, written again, taken back", async (_id, row) => {
    const path = where(row);
    const { plan } = await write(row, path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readEntry(plan.changes[0].value)).toMatchObject(
      row.file.entry === undefined
        ? { project: "demo", token: "mcpctl_pat_secret", command: "/usr/local/bin/mcpctl" }
        : { url, token: "mcpctl_pat_secret" },
    );
    const text = readFileSync(path, "utf8");
    await write(row, path);
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(await undone(row)).toContain("removed");
    expect(existsSync(path)).toBe(false);
    expect(await undone(row)).toBeUndefined();
  });

  test.each(filed.map((row) => [row.id, row] as const))(
    "%s: what was there stays, and comes back",
    async (_id, row) => {
      for (const bridge of row.file.entry === undefined ? [true] : [false, true]) {
        const path = put(where(row), fixtureOf(row));
        chmodSync(path, 0o640);
        await write(row, path, { bridge });
        const text = readFileSync(path, "utf8");
        for (const line of fixtureOf(row)
          .split(/\r?\n/)
          .filter((one) => !/^[\]}\t]*,?$/.test(one)))
          expect(text).toContain(line.replace(/,$/, ""));
        expect(statSync(path).mode & 0o777).toBe(0o640);
        expect((await write(row, path, { bridge })).copy).toBeUndefined();
        expect(await undone(row)).toBe("the file is as it was before");
        expect(readFileSync(path, "utf8")).toBe(fixtureOf(row));
        expect(readdirSync(join(home, ".mcpctl/backups"))).toEqual([]);
      }
    },
  );

  test.each(filed.map((row) => [row.id, row] as const))(
    "%s: once others wrote the file, only the entry is taken out",
    async (_id, row) => {
      const path = put(where(row), fixtureOf(row));
      await write(row, path);
      writeFileSync(path, readFileSync(path, "utf8").replace(/mine/, "yours"));
      // A new token: the copy of before is no longer what to go back to.
      await write(row, path, { wiring: { ...wiring, token: "mcpctl_pat_other" } });
      expect(await undone(row)).toContain("taken out");
      const text = readFileSync(path, "utf8");
      expect(text).not.toContain("mcpctl");
      expect(text).toContain("yours");
      // No more is left than an empty list where something else had to be said too.
      expect(text.replace("yours", "mine").length - fixtureOf(row).length).toBeLessThan(60);
    },
  );

  test.each(filed.map((row) => [row.id, row] as const))(
    "%s: an entry of somebody else's is theirs",
    async (_id, row) => {
      const name = { wiring: { ...wiring, name: "other" } };
      const path = put(where(row), fixtureOf(row));
      expect(write(row, path, name)).rejects.toThrow("that mcpctl did not write");
      expect(readFileSync(path, "utf8")).toBe(fixtureOf(row));
      await write(row, path, { ...name, force: true });
      expect(readFileSync(path, "utf8")).toContain("mcpctl_pat_secret");
    },
  );
});

const cursor = clientRow("cursor") as Filed;
const goose = clientRow("goose") as Filed;
const codex = clientRow("codex") as Filed;

describe("a file that is not to be touched", () => {
  const refused: [what: string, row: Filed, text: string | Buffer, message: RegExp][] = [
    ["half of a JSON", cursor, '{\n  "mcpServers": {', /line 2, column 1\d: this is no JSON/],
    ["no JSON at all", cursor, "hello", /line 1, column 1: this is no JSON/],
    ["a list", cursor, "[1]", /the document is of another shape/],
    ["servers that are a list", cursor, '{"mcpServers": []}', /mcpServers is of another shape/],
    ["no text", cursor, Buffer.from([0xff, 0xfe, 0x00]), /not text in UTF-8/],
    ["YAML with a wrong indent", goose, "a:\n  b: 1\n c: 2\n", /line 3, column \d+: this is no YAML/],
    ["extensions that are a word", goose, "extensions: none\n", /extensions is of another shape/],
    [
      "aliases without end",
      goose,
      `a: &a [x]\n${["b", "c", "d"].map((k, i) => `${k}: &${k} [${`*${"abc"[i]},`.repeat(40)}]\n`).join("")}`,
      /this is no YAML/,
    ],
    ["TOML that says a key twice", codex, "a = 1\na = 2\n", /line 2, column \d+: this is no TOML/],
    [
      "servers written as one inline table",
      codex,
      "mcp_servers = { other = { url = 'x' } }\n",
      /cannot be changed without changing more|another shape/,
    ],
  ];
  test.each(refused)("%s", async (_what, row, text, message) => {
    const path = where(row);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    expect(write(row, path)).rejects.toThrow(message);
    await Bun.sleep(0);
    expect(readFileSync(path)).toEqual(Buffer.from(text));
    expect(readdirSync(dirname(path))).toHaveLength(1);
    expect(readLedger(join(home, ".mcpctl"))).toEqual([]);
  });

  test("a folder, a link that leads nowhere, a file that was written meanwhile", async () => {
    mkdirSync(where(cursor), { recursive: true });
    expect(write(cursor, where(cursor))).rejects.toThrow("is a folder");
    const dangling = join(home, "dangling.json");
    symlinkSync(join(home, "nowhere"), dangling);
    expect(write(cursor, dangling)).rejects.toThrow("leads nowhere");
    const path = put(join(home, "busy.json"), "{}");
    const about = { client: "cursor", name: "demo", project: "demo", origin: "" };
    const plan = await planOf({
      row: cursor,
      file: cursor.file,
      path,
      wiring,
      bridge: false,
      home: join(home, ".mcpctl"),
      force: false,
    });
    writeFileSync(path, '{"theirs": 1}');
    expect(() => carryOut(plan, about, join(home, ".mcpctl"), 0)).toThrow("written by somebody else meanwhile");
    expect(readFileSync(path, "utf8")).toBe('{"theirs": 1}');
    expect(readdirSync(join(home, ".mcpctl/backups"))).toEqual([]);
  });

  test("a link stays a link, and what it leads to is written", async () => {
    const real = put(join(home, "dotfiles/mcp.json"), "{}\n");
    mkdirSync(dirname(where(cursor)), { recursive: true });
    symlinkSync(real, where(cursor));
    await write(cursor, where(cursor));
    expect(readFileSync(real, "utf8")).toContain("mcpctl_pat_secret");
    expect(await undone(cursor)).toBe("the file is as it was before");
    expect([readFileSync(real, "utf8"), statSync(where(cursor)).isFile()]).toEqual(["{}\n", true]);
  });
});

test("what two entries of a file need is taken out with the second", async () => {
  const librechat = clientRow("librechat") as Filed;
  const path = put(where(librechat), "version: 1.2.1\n");
  const one = await write(librechat, path);
  const also = { row: librechat, file: librechat.file, path, bridge: false, home: join(home, ".mcpctl"), force: false };
  const plan = await planOf({ ...also, wiring: { ...wiring, name: "second" } });
  carryOut(plan, { client: "librechat", name: "second", project: "demo", origin: "" }, join(home, ".mcpctl"), 0);
  const [first, second] = readLedger(join(home, ".mcpctl"));
  if (first === undefined || second === undefined || one.copy === undefined) throw new Error("it was not written");
  expect(await undo(librechat.file, first, join(home, ".mcpctl"))).toContain("taken out");
  expect(readFileSync(path, "utf8")).toContain("- 127.0.0.1:3200");
  await undo(librechat.file, second, join(home, ".mcpctl"));
  expect(readFileSync(path, "utf8")).not.toContain("127.0.0.1");
});

test("no two clients share a word, and each has what it is known by", () => {
  const words = clientRows.flatMap(({ id, aliases = [] }) => [id, ...aliases]);
  expect(new Set(words).size).toBe(words.length);
  for (const { id, file, text, belongs } of clientRows)
    expect([id, file !== undefined || (text !== undefined && belongs !== undefined)]).toEqual([id, true]);
});
