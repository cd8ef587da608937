import { stemOf } from "./words.ts";

/** Words that ask for the same, a row each; the first figures of `bench/tool-search.ts` say what they are worth. */
const rows = [
  "list ls show get view read fetch retrieve enumerate all",
  "search find query lookup locate",
  "delete remove erase drop destroy rm trash discard",
  "create add new make insert open start",
  "update edit modify change set patch rename alter",
  "send post publish write reply message",
  "file document doc",
  "directory folder dir path",
  "repository repo",
  "issue ticket bug task story",
  "message msg dm chat",
  "email mail inbox",
  "run execute invoke launch trigger start",
  "stop cancel abort kill terminate halt",
  "picture image photo png screenshot",
  "website webpage page url site link",
  "database db sql",
  "kubernetes k8s kubectl cluster",
  "person people user member contact colleague teammate",
  "calendar event meeting appointment",
  "comment note remark",
  "copy clone duplicate fork",
  "directions route way navigate",
  "type fill enter input",
  "press tap click",
  "build pipeline job workflow ci",
  "spreadsheet sheet excel workbook",
  "chart graph plot diagram",
  "log output console",
  "invoice bill charge",
  "money payment refund balance",
  "deploy release rollout ship",
  "secret password credential token key",
  "upload attach import",
  "download export save",
  "place location address poi",
  "scrape crawl extract",
] as const;

const meanings = new Map<string, string[]>();
for (const row of rows) {
  const stems = [...new Set(row.split(" ").map(stemOf))];
  for (const stem of stems)
    meanings.set(stem, [...new Set([...(meanings.get(stem) ?? []), ...stems.filter((other) => other !== stem)])]);
}

/** Other words for the same, as stems. */
export const synonymsOf = (stem: string): readonly string[] => meanings.get(stem) ?? [];
