import { toYaml } from "../../src/lib/yaml.ts";
import { type AnyKind, addedFields } from "../../src/resources/define.ts";
import { kinds, wordsOf } from "../../src/resources/index.ts";
import { fieldTable } from "./fields.ts";
import { code, fenced, madeFrom, page } from "./markdown.ts";

/** `docs/reference/kinds.md` */
export const kindsPage = (): string =>
  page(
    madeFrom("src/resources").trimEnd(),
    "# Kinds",
    `Every kind of resource, in the order in which \`apply\` makes them. A manifest is flat: \`kind\`, \`name\` and the fields of the kind. mcpctl adds
${addedFields.map(code).join(", ")} to what it gives back; they are taken and ignored, so that \`mcpctl get KIND NAME -o yaml | mcpctl apply -f -\`
changes nothing. A field that is not listed is an error.`,
    kinds.map(({ kind, plural }) => `- [${kind}](#${plural})`).join("\n"),
    kinds.flatMap(sectionOf),
  );

function sectionOf(kind: AnyKind): string[] {
  const { plural, description, verbs, writeOnly = [], readOnly = [], executes = [], scopes, example } = kind;
  const isWritten = verbs.includes("create") || verbs.includes("update");
  const notes = [
    `Words: ${wordsOf(kind).map(code).join(", ")}. It can be: ${verbs.map(code).join(", ")}.`,
    scopes === undefined ? "" : "Names are unique within a project, and among those of no project.",
    "project" in kind.fields.properties && scopes === undefined ? "Names are unique within a project." : "",
    writeOnly.length === 0 ? "" : `Never given back: ${writeOnly.map(code).join(", ")}.`,
    readOnly.length === 0 ? "" : `Given back and never taken: ${readOnly.map(code).join(", ")}.`,
    executes.length === 0
      ? ""
      : `Changing one of these is running code, and takes the right \`servers-execute\`: ${executes.map(code).join(", ")}.`,
  ];
  return [
    `## ${plural}`,
    `${description}.`,
    notes.filter((note) => note !== "").join(" "),
    isWritten ? fenced("yaml", toYaml({ kind: kind.kind, ...example })) : "",
    fieldTable(kind.fields),
  ];
}
