/** Whether a terminal shows more than ASCII, by the variables that C programs ask, in their order. Windows says it in no variable. */
export function speaksUnicode(platform: string, variables: Record<string, string | undefined>): boolean {
  if (platform === "win32") return true;
  const locale = [variables["LC_ALL"], variables["LC_CTYPE"], variables["LANG"]].find((value) => (value ?? "") !== "");
  return /utf-?8/i.test(locale ?? "");
}

/** Our own signs; names and texts of others stay what they are. */
const signs: Record<string, string> = {
  "✓": "+",
  "✗": "x",
  "…": "...",
  "→": "->",
  "•": "*",
  "│": "|",
  "─": "-",
  "·": "-",
};
const anySign = new RegExp(`[${Object.keys(signs).join("")}]`, "g");

export const plainSigns = (text: string): string => text.replace(anySign, (sign) => signs[sign] ?? sign);
