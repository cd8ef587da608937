import { bindOf } from "../../resources/templates/registry-image.ts";

type Imaged = { fields: Record<string, unknown>; env: Record<string, string>; lost: string[] };

/** Options of `docker run`: those without `read` mean nothing here, and with one that is not here it cannot be an image of ours. */
type Option = { takes: boolean; read?: (value: string, into: Imaged, given: Record<string, string>) => void };

const ignored: Option = { takes: false };
const ignoredValue: Option = { takes: true };
const field = (name: string, value: (text: string) => unknown = (text) => text): Option => ({
  takes: true,
  read: (text, { fields }) => {
    fields[name] = value(text);
  },
});
function volume(text: string, { fields }: Imaged): void {
  fields["volumes"] = [...((fields["volumes"] as string[] | undefined) ?? []), text];
}

const options: Record<string, Option> = {
  "-i": ignored,
  "-t": ignored,
  "-it": ignored,
  "-ti": ignored,
  "--interactive": ignored,
  "--tty": ignored,
  "--rm": ignored,
  "--init": ignored,
  "-a": ignoredValue,
  "--name": ignoredValue,
  "--pull": ignoredValue,
  "--label": ignoredValue,
  "-l": ignoredValue,
  "-e": { takes: true, read: variable },
  "--env": { takes: true, read: variable },
  "-v": { takes: true, read: volume },
  "--volume": { takes: true, read: volume },
  "--mount": { takes: true, read: (text, into) => volume(bindOf(text), into) },
  "--network": field("network"),
  "--net": field("network"),
  "-u": field("user"),
  "--user": field("user"),
  "-w": field("cwd"),
  "--workdir": field("cwd"),
  "-m": field("memoryMiB", mebibytes),
  "--memory": field("memoryMiB", mebibytes),
  "--cpus": field("cpus", Number),
  "--read-only": {
    takes: false,
    read: (_, { fields }) => {
      fields["readOnly"] = true;
    },
  },
};

/** `docker run OPTIONS IMAGE ARGS` as fields; undefined for what it says that no field says, so that it stays the command that it is. */
export function imageOf(args: readonly string[], env: Record<string, string>): Imaged | undefined {
  const start = args[0] === "container" ? 1 : 0;
  if (args[start] !== "run") return undefined;
  const into: Imaged = { fields: {}, env: {}, lost: [] };
  for (let at = start + 1; at < args.length; at++) {
    const word = args[at] ?? "";
    if (!word.startsWith("-")) {
      const rest = args.slice(at + 1);
      const given = rest.length > 0 ? { args: rest } : {};
      return { ...into, fields: { image: word, ...given, ...into.fields } };
    }
    const [, name = word, joined] = /^(--[a-z-]+)=(.*)$/s.exec(word) ?? [];
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) return undefined;
    const value = option.takes ? (joined ?? args[++at]) : "";
    if (value === undefined) return undefined;
    option.read?.(value, into, env);
  }
  return undefined;
}

/** Without a value it is the client's variable of that name. */
function variable(text: string, { env }: Imaged, given: Record<string, string>): void {
  const [name = "", value] = text.split(/=(.*)/s);
  env[name] = value ?? (Object.hasOwn(given, name) ? given[name] : undefined) ?? `\${${name}}`;
}

/** `512m`, `2g`, or bytes. */
function mebibytes(text: string): number {
  const [, number = "", unit = "b"] = /^([\d.]+)([bkmg])?$/i.exec(text) ?? [];
  const power = { b: 0, k: 1, m: 2, g: 3 }[unit.toLowerCase()] ?? 0;
  return Math.ceil((Number(number) * 1024 ** power) / 1024 ** 2);
}
