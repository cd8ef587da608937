type Form = { form: string; bytes: Buffer };

/** The ways in which a value could lie in bytes without being read at a glance. */
function formsOf(value: string): Form[] {
  const bytes = Buffer.from(value);
  const hex = bytes.toString("hex");
  const each = (mark: string, width: number, upper: boolean) =>
    [...bytes].map((b) => mark + (upper ? b.toString(16).toUpperCase() : b.toString(16)).padStart(width, "0")).join("");
  const texts: [string, string][] = [
    ["raw", value],
    ...[0, 1, 2].flatMap((before): [string, string][] => {
      const middle = base64Middle(bytes, before);
      return [
        [`base64 after ${before}`, middle],
        [`base64url after ${before}`, middle.replaceAll("+", "-").replaceAll("/", "_")],
      ];
    }),
    ["hex", hex],
    ["HEX", hex.toUpperCase()],
    ["percent", encodeURIComponent(value)],
    ["percent, each", each("%", 2, false)],
    ["PERCENT, each", each("%", 2, true)],
    ["JSON", JSON.stringify(value).slice(1, -1)],
    ["JSON \\u", each("\\u", 4, false)],
    ["JSON \\U", each("\\u", 4, true)],
  ];
  const forms = texts.map(([form, text]) => ({ form, bytes: Buffer.from(text) }));
  return [...forms, { form: "UTF-16LE", bytes: Buffer.from(value, "utf16le") }];
}

/** What of the base64 of anything that holds these bytes does not depend on what stands around them. */
function base64Middle(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes])
    .toString("base64")
    .replaceAll("=", "");
  const from = Math.ceil((before * 4) / 3);
  return text.slice(from, (before + bytes.length) % 3 === 0 ? undefined : -1);
}

/** In which forms a value lies in these bytes; none is what one hopes for. */
export function findings(haystack: string | Uint8Array, value: string): string[] {
  const bytes = Buffer.from(haystack as Uint8Array);
  return formsOf(value).flatMap(({ form, bytes: wanted }) => (bytes.includes(wanted) ? [form] : []));
}
