import { describe, expect, test } from "bun:test";
import { changeIn, draftOf, instructions, withNotes, withoutNotes } from "../../src/cli/draft.ts";
import { editorOf } from "../../src/cli/editor.ts";
import { Problem } from "../../src/lib/problem.ts";
import { Project } from "../../src/resources/project.ts";
import { Secret } from "../../src/resources/secret.ts";

const item = {
  id: "0199a000-0000-7000-8000-000000000000",
  name: "demo",
  servers: ["files"],
  version: 3,
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:00.000Z",
};
const text = draftOf(Project, item);

describe("notes", () => {
  test("stand above the text as comments, and come off again; comments within the text stay", () => {
    const written = withNotes(["error: no\n  /name: \u001b[2J", ...instructions(Project, item)], `a: 1\n# mine\nb: 2`);
    expect(written).toStartWith("# error: no\n#   /name: \ufffd[2J\n# project");
    expect(written).toEndWith("\n\na: 1\n# mine\nb: 2\n");
    expect(withoutNotes(written)).toBe("a: 1\n# mine\nb: 2");
  });

  test.each(["", "\n\n", "# only\n  # comments", "#", " \t\r\n"])("%j is nothing", (nothing) => {
    expect(withoutNotes(nothing)).toBe("");
  });

  test("say what is never shown and what becomes of it", () => {
    expect(instructions(Secret, item).at(-1)).toBe(
      "Never shown: data. Left out, what is there stays; what you write takes its place.",
    );
    expect(instructions(Secret, item)[1]).toBe(
      "Lines that begin with # are ignored, and so are id, version, createdAt, updatedAt, status, keys.",
    );
  });
});

describe("the change in a text", () => {
  test("is none when only its form differs", () => {
    expect(changeIn(Project, item, text)).toBeUndefined();
    expect(changeIn(Project, item, JSON.stringify({ kind: "project", ...item }))).toBeUndefined();
    expect(changeIn(Project, item, `${text}\n# a comment`)).toBeUndefined();
  });

  test("is the manifest, without what is not to be changed", () => {
    const changed = changeIn(Project, item, `${text.replace("version: 3", "version: 9")}\ndescription: new`);
    expect(changed?.fields).toEqual({ servers: ["files"], description: "new" });
    expect(changeIn(Project, item, "name: demo\nservers: []")?.fields).toEqual({ servers: [] });
  });

  test.each([
    ["name: other\nservers: []", "a project is not renamed; create one of the new name", "/name"],
    ["servers: []", "a project is not renamed; create one of the new name", "/name"],
    [`${text.replace("kind: project", "kind: server")}`, "a project stays a project", "/kind"],
    [`${text}\n---\n${text}`, "one document is expected, and there are several", undefined],
    ["a: [", "the edited text, document 1: this is not valid YAML", undefined],
    ["name: demo\nservrs: []", 'this project "demo" is not valid', "/servrs"],
    ["just words", "a mapping of fields is expected", undefined],
    ["- name: demo", "a mapping of fields is expected", undefined],
  ])("%j is refused", (edited, message, path) => {
    try {
      changeIn(Project, item, edited);
      expect.unreachable();
    } catch (error) {
      const { message: said, fields } = error as Problem;
      expect(error).toBeInstanceOf(Problem);
      expect([said, fields?.[0]?.path]).toEqual([message, path]);
    }
  });
});

test("the editor is $VISUAL, else $EDITOR, else vi; arguments are split at blanks, and a script without a terminal is told", () => {
  expect(editorOf({ VISUAL: "code --wait", EDITOR: "nano" }, true)).toEqual(["code", "--wait"]);
  expect(editorOf({ VISUAL: " ", EDITOR: "  emacs   -nw " }, false)).toEqual(["emacs", "-nw"]);
  expect(editorOf({ EDITOR: "sh; rm -rf $HOME" }, true)).toEqual(["sh;", "rm", "-rf", "$HOME"]);
  expect(editorOf({}, true)).toEqual(["vi"]);
  expect(() => editorOf({}, false)).toThrow("there is no terminal for an editor");
});
