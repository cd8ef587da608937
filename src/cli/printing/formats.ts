import { didYouMean } from "../../lib/nearest.ts";
import { printable } from "../../lib/printable.ts";
import { Problem } from "../../lib/problem.ts";
import { toYaml } from "../../lib/yaml.ts";
import { type AnyKind, addedFields, type Column, type Resource } from "../../resources/define.ts";
import type { Env } from "../environment.ts";
import { humane } from "./humane.ts";
import { inWords, parsePath, valuesAt } from "./path.ts";
import { openTable } from "./table.ts";
import { filled, parseTemplate } from "./template.ts";

/** How resources are printed, beside their format. */
export type Look = {
  env: Env;
  /** One that was asked for by its name stands alone; lists are kubectl's `List`. */
  isSingle: boolean;
  /** Several kinds in one answer: each name says its kind. */
  isMixed?: boolean;
  withoutHeaders?: boolean;
  withLabels?: boolean;
  /** Documents as somebody would have written them, without what mcpctl adds. */
  forApply?: boolean;
};

/** Prints resources in the parts that they come in: kind after kind, any number of parts each. */
export type Printer = { add: (kind: AnyKind, items: readonly Resource[]) => void; end: () => void };

/** A way to print: `-o NAME`, or `-o NAME=ARGUMENT` where it takes one. */
type Format = { argument?: string; open: (look: Look, argument: string) => Printer };

const formats: Record<string, Format> = {
  table: { open: tables("table") },
  wide: { open: tables("wide") },
  json: { open: json },
  yaml: { open: yaml },
  name: { open: names },
  jsonpath: { argument: "TEMPLATE", open: byTemplate },
  "custom-columns": { argument: "HEADER:.path,…", open: byColumns },
};

/** What `-o` takes, as help and errors write it. */
const formatWords = Object.entries(formats).map(([name, { argument }]) =>
  argument === undefined ? name : `${name}=${argument}`,
);

/** @throws Problem `invalid` for a format that is none, or an argument that cannot be read */
export function openPrinter(output: string, look: Look): Printer {
  const [name = "", ...rest] = output.split("=");
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined;
  const argument = rest.join("=");
  if (format === undefined)
    throw new Problem("invalid", `-o takes ${formatWords.join(", ")}.${didYouMean(name, Object.keys(formats))}`);
  if (
    (format.argument === undefined) !== (argument === "" && rest.length === 0) ||
    (format.argument !== undefined && argument === "")
  )
    throw new Problem(
      "invalid",
      format.argument === undefined
        ? `-o ${name} takes nothing behind it`
        : `-o ${name} is written ${name}=${format.argument}`,
      {
        hint: "mcpctl get --help",
      },
    );
  return format.open(look, argument);
}

export const hasLabels = (kind: AnyKind): boolean => "labels" in kind.fields.properties;

const added: ReadonlySet<string> = new Set(addedFields);

/** As it is shown whole; where it is `forApply`, as somebody would have written it. */
function documentOf(kind: AnyKind, item: Resource, forApply = false): Resource {
  const document = { kind: kind.kind, ...item };
  if (!forApply) return document;
  return Object.fromEntries(Object.entries(document).filter(([field]) => !added.has(field))) as Resource;
}
const nameColumn: Column = { header: "NAME", value: (item) => item.name };
const labelColumn: Column = {
  header: "LABELS",
  value: (item) =>
    Object.entries((item["labels"] ?? {}) as Record<string, string>)
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
};

/** The columns of a kind in `table` and `wide`. A description is the longest of them, and stands last. */
export function columnsIn(format: string, kind: AnyKind, { withLabels }: Look): readonly Column[] {
  const columns = [
    nameColumn,
    ...kind.columns,
    ...(format === "wide" ? (kind.wide ?? []) : []),
    ...(hasLabels(kind) && (withLabels === true || format === "wide") ? [labelColumn] : []),
  ];
  const isLast = ({ header }: Column) => header === "DESCRIPTION";
  return [...columns.filter((column) => !isLast(column)), ...columns.filter(isLast)];
}

/** One table a kind, the first rows as soon as they are there. */
function tables(format: string) {
  return (look: Look): Printer => {
    const { env, isMixed, withoutHeaders } = look;
    let current: { kind: AnyKind; columns: readonly Column[]; table: ReturnType<typeof openTable> } | undefined;
    return {
      add(kind, items) {
        if (items.length === 0) return;
        const isNew = current?.kind !== kind;
        if (isNew && current !== undefined) env.out("");
        if (isNew || current === undefined) {
          const columns = columnsIn(format, kind, look);
          current = {
            kind,
            columns,
            table: openTable(
              columns.map(({ header }) => header),
              env,
            ),
          };
        }
        const rows = items.map((item) =>
          cellsOf(current?.columns ?? [], item, env, isMixed === true ? kind : undefined),
        );
        const lines = isNew
          ? current.table.begin(rows).slice(withoutHeaders === true ? 1 : 0)
          : current.table.lines(rows);
        env.out(lines.join("\n"));
      },
      end: () => {},
    };
  };
}

/** What stands in the columns of one; `mixed` is its kind where there are others beside it. */
export function cellsOf(columns: readonly Column[], item: Resource, env: Env, mixed?: AnyKind): string[] {
  const cells = columns.map(({ value }) => (env.isTerminal ? humane(value(item), env.now()) : value(item)));
  return mixed === undefined ? cells : [`${mixed.plural}/${cells[0]}`, ...cells.slice(1)];
}

/** Line for line what one call would print of the whole list, so that it may begin before the end is there. */
function json({ env, isSingle, forApply }: Look): Printer {
  const head = '{\n  "kind": "List",\n  "items": [\n';
  const indented = (value: unknown) => `    ${toJson(value).replaceAll("\n", "\n    ")}`;
  let isBegun = false;
  /** The last one has no comma behind it, so it waits until it is known whether it is the last. */
  let last: string | undefined;
  const print = (text: string) => {
    env.out(isBegun ? text : head + text);
    isBegun = true;
  };
  return {
    add(kind, items) {
      const documents = items.map((item) => documentOf(kind, item, forApply));
      if (isSingle) for (const document of documents) env.out(toJson(document));
      else {
        const texts = [...(last === undefined ? [] : [last]), ...documents.map(indented)];
        last = texts.pop();
        if (texts.length > 0) print(texts.map((text) => `${text},`).join("\n"));
      }
    },
    end() {
      if (isSingle) return;
      if (last === undefined) env.out(JSON.stringify({ kind: "List", items: [] }, null, 2));
      else print(`${last}\n  ]\n}`);
    },
  };
}

function yaml({ env, forApply }: Look): Printer {
  let isFirst = true;
  return {
    add(kind, items) {
      if (items.length === 0) return;
      const text = items.map((item) => toYaml(documentOf(kind, item, forApply))).join("---\n");
      // A terminal obeys what a program only reads.
      env.out(`${isFirst ? "" : "---\n"}${env.isTerminal ? printable(text.trimEnd(), true) : text.trimEnd()}`);
      isFirst = false;
    },
    end: () => {},
  };
}

/** What a terminal would obey is written as JSON may write every character, which changes nothing for who reads it. */
export const toJson = (value: unknown, indent: number | undefined = 2): string =>
  JSON.stringify(value, null, indent).replace(/[\p{Cf}\u007f-\u009f]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`)
      .join(""),
  );

function names({ env }: Look): Printer {
  return {
    add(kind, items) {
      if (items.length > 0) env.out(items.map(({ name }) => `${kind.plural}/${name}`).join("\n"));
    },
    end: () => {},
  };
}

/** Of a list the template is about all of it, so it waits for all of it. */
function byTemplate({ env, isSingle }: Look, argument: string): Printer {
  const template = parseTemplate(argument);
  const documents: unknown[] = [];
  return {
    add: (kind, items) => void documents.push(...items.map((item) => documentOf(kind, item))),
    end() {
      const text = filled(template, isSingle ? documents[0] : { kind: "List", items: documents });
      // For whoever ends each line, the last one is not ended twice. What a terminal would obey is said to programs only.
      const ended = text.replace(/\n$/, "");
      if (text !== "") env.out(env.isTerminal ? printable(ended, true) : ended);
    },
  };
}

function byColumns(look: Look, argument: string): Printer {
  const columns = argument.split(",").map((part): Column => {
    const [, header = "", path = ""] = /^([^:]+):(.+)$/s.exec(part) ?? [];
    if (header === "")
      throw new Problem("invalid", "custom-columns are written HEADER:.path, several with commas between", {
        hint: "mcpctl get servers -o custom-columns=NAME:.name,STATE:.status.state",
      });
    const steps = parsePath(path);
    return { header, value: (item) => valuesAt(steps, item).map(inWords).join(",") || "<none>" };
  });
  const { env } = look;
  const open = openTable(
    columns.map(({ header }) => header),
    env,
  );
  let isFirst = true;
  return {
    add(kind, items) {
      if (items.length === 0) return;
      const rows = items.map((item) => cellsOf(columns, documentOf(kind, item), env));
      env.out((isFirst ? open.begin(rows).slice(look.withoutHeaders === true ? 1 : 0) : open.lines(rows)).join("\n"));
      isFirst = false;
    },
    end: () => {},
  };
}
