import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { extname, join, sep } from "node:path";
import { messageOf } from "../../../lib/problem.ts";

export const fileKinds = {
  stage: { folder: "stages", extensions: [".js", ".mjs", ".ts"] },
  plugin: { folder: "plugins", extensions: [".js", ".mjs", ".ts"] },
  proxymodel: { folder: "proxymodels", extensions: [".yaml", ".yml", ".json"] },
} as const;
export type FileKind = keyof typeof fileKinds;

/** A file as it lies there. `stamp` is another one whenever it was written or its rights were changed. */
export type Found = { kind: FileKind; name: string; file: string; path: string; stamp: string; refused?: string };

const fileBounds = { files: 200, bytes: 1024 * 1024 } as const;

/**
 * What lies in the three folders, and why some of it is not touched: who can write such a file runs code as the user that mcpctl is, so it must be
 * ours or root's, and nobody else's to write.
 */
export function filesIn(dataDir: string): Found[] {
  return (Object.keys(fileKinds) as FileKind[]).flatMap((kind) => {
    const { folder, extensions } = fileKinds[kind];
    const place = join(dataDir, folder);
    const names = namesIn(place).filter((name) => (extensions as readonly string[]).includes(extname(name)));
    if (names.length === 0) return [];
    const folderFault = faultOf(place, dataDir, "folder");
    return names.slice(0, fileBounds.files + 1).map((name, index): Found => {
      const path = join(place, name);
      const fault =
        index >= fileBounds.files
          ? `the folder has more than ${fileBounds.files} files: this one and those after it are left out`
          : (folderFault ?? faultOf(path, place, "file"));
      const found = { kind, name: name.slice(0, -extname(name).length), file: `${folder}/${name}`, path };
      return { ...found, stamp: `${stampOf(path)} ${fault ?? ""}`, ...(fault !== undefined && { refused: fault }) };
    });
  });
}

/** In their order; what begins with a dot is an editor's. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith("."))
      .toSorted();
  } catch {
    return [];
  }
}

function stampOf(path: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path);
    return [ino, size, mtimeMs, ctimeMs].join(" ");
  } catch {
    return "";
  }
}

function faultOf(path: string, within: string, what: "file" | "folder"): string | undefined {
  try {
    const real = realpathSync(path);
    if (!real.startsWith(realpathSync(within) + sep)) return `it is a link that leads out of its folder`;
    return distrusted(statSync(real), what);
  } catch (error) {
    return `it cannot be read: ${messageOf(error)}`;
  }
}

type Stat = { uid: number; mode: number; size: number; isFile: () => boolean };

function distrusted(stat: Stat, what: "file" | "folder"): string | undefined {
  const { uid, mode, size } = stat;
  const own = process.getuid?.();
  if (what === "file" && !stat.isFile()) return "it is no ordinary file";
  const where = what === "folder" ? "its folder" : "it";
  if (own !== undefined && uid !== own && uid !== 0)
    return `${where} belongs to neither root nor the user that runs mcpctl`;
  if (own !== undefined && (mode & 0o022) !== 0)
    return `${where} can be written by others: chmod go-w ${what === "folder" ? "the folder" : "the file"}`;
  if (what === "file" && size > fileBounds.bytes) return `it is over ${fileBounds.bytes / 1024 / 1024} MiB`;
  return undefined;
}

/** The text of a file; who it is of is asked once more, of the very file that is read. @throws Error */
export function readTrusted(path: string): string {
  const descriptor = openSync(realpathSync(path), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  try {
    const fault = distrusted(fstatSync(descriptor), "file");
    if (fault !== undefined) throw new Error(fault);
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}
