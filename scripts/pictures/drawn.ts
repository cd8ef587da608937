const colours: Record<string, string> = {
  31: "#f07178",
  32: "#a3d76e",
  33: "#ffcb6b",
  34: "#82aaff",
  35: "#c792ea",
  36: "#89ddff",
  90: "#7a869a",
};
const size = { column: 8.4, line: 19, margin: 14, font: 14 } as const;

type Run = { text: string; at: number; colour: string | undefined; isBold: boolean };

/** What a terminal shows, as SVG: letters in their columns, in their colours. Other codes than those of colour are left out. */
export function drawn(text: string, columns: number, title: string): string {
  const lines = text.split("\n");
  const width = Math.ceil(columns * size.column + 2 * size.margin);
  const height = lines.length * size.line + 2 * size.margin;
  let colour: string | undefined;
  let isBold = false;
  const rows = lines.map((line, row) => {
    const runs: Run[] = [];
    let at = 0;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what starts a colour.
    for (const part of line.split(/(\u001b\[[0-9;?]*[A-Za-z])/)) {
      const codes = /^.\[([0-9;]*)m$/.exec(part)?.[1];
      if (codes !== undefined)
        for (const code of codes.split(";")) {
          if (code === "1") isBold = true;
          else if (code === "22") isBold = false;
          else if (code === "" || code === "0") [colour, isBold] = [undefined, false];
          else colour = colours[code];
        }
      else if (!part.startsWith("\u001b") && part !== "") {
        // A word has its own place: whatever font a reader has, the columns stay where they are.
        for (const { 0: word, index } of part.matchAll(/\S+/g))
          runs.push({ text: word, at: at + Bun.stringWidth(part.slice(0, index)), colour, isBold });
        at += Bun.stringWidth(part);
      }
    }
    const y = size.margin + (row + 1) * size.line - 5;
    return runs.map((run) => spanOf(run, y)).join("");
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<title>${title}</title>
<rect width="100%" height="100%" rx="8" fill="#1b2130"/>
<g font-family="ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${size.font}" fill="#d8dee9">
${rows.filter((row) => row !== "").join("\n")}
</g>
</svg>
`;
}

function spanOf({ text, at, colour, isBold }: Run, y: number): string {
  const x = (size.margin + at * size.column).toFixed(1);
  const fill = colour === undefined ? "" : ` fill="${colour}"`;
  const weight = isBold ? ' font-weight="bold"' : "";
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return `<text x="${x}" y="${y}"${fill}${weight}>${escaped}</text>`;
}
