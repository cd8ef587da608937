import { isAbsolute } from "node:path";
import { Problem } from "../../../lib/problem.ts";

/** Where the git backup goes: a repository on the server's machine, or one elsewhere that is pushed to. */
export type Place = { url: string; branch: string; path: string };

const refused = (path: string, message: string) =>
  new Problem("invalid", "this is no place for a git backup", {
    fields: [{ path, message }],
    hint: "mcpctl backup git enable https://git.example.com/team/mcpctl.git --branch main --path prod",
  });

const remote = /^(?:(?:https?|ssh):\/\/[^\s]+|[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:[^\s]+)$/;
/** What git takes for a branch, and nothing that it could take for an option or a revision. */
const branchName = /^[A-Za-z0-9](?:[A-Za-z0-9_-]|[./](?=[A-Za-z0-9_-])){0,99}$/;
const pathName = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,63})(?:\/[A-Za-z0-9_][A-Za-z0-9._-]{0,63}){0,9}$/;

/** @throws Problem `invalid`; what was refused is not repeated, since an address may hold a password */
export function placeOf({ url, branch = "main", path = "" }: { url: string; branch?: string; path?: string }): Place {
  const isLocal = isAbsolute(url) && !/[\n\r\0]/.test(url);
  if (!isLocal && !remote.test(url))
    throw refused("/url", "is an absolute path on the server, https://…, ssh://… or user@host:path");
  if (!branchName.test(branch) || branch.endsWith(".lock")) throw refused("/branch", "is no name of a branch");
  if (path !== "" && !pathName.test(path)) throw refused("/path", "is a folder within the repository, such as prod");
  return { url, branch, path };
}

export const isLocal = ({ url }: Pick<Place, "url">): boolean => isAbsolute(url);

/** The address without what opens it, and that as a header: what stands in arguments is seen by everybody on the machine. */
export function withoutCredentials(url: string): { url: string; settings: Record<string, string> } {
  const parsed = /^https?:/.test(url) ? URL.parse(url) : null;
  if (parsed === null || (parsed.username === "" && parsed.password === "")) return { url, settings: {} };
  const pair = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
  parsed.username = "";
  parsed.password = "";
  return {
    url: parsed.href,
    settings: {
      "http.extraHeader": `Authorization: Basic ${Buffer.from(pair).toString("base64")}`,
      // Git shows the header to whom it is sent on to as well.
      "http.followRedirects": "false",
    },
  };
}

/** As it may be shown. A password may hold an at as well: the last one ends it. */
export const shownUrl = (url: string): string => url.replace(/^([a-z]+:\/\/)[^/]*@/, "$1•••@");
