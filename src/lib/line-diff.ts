/** Beyond this many pairs of lines the shortest difference is not looked for: all old lines, then all new ones. */
const mostPairs = 1_000_000;

/** A line that stayed, went or came. */
export type Line = { sign: " " | "-" | "+"; text: string };

/** All lines of two texts: those of both, and what went and came between them. */
export function compared(old: readonly string[], now: readonly string[]): Line[] {
  let start = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start++;
  let end = 0;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end++;
  const same = (text: string): Line => ({ sign: " ", text });
  return [
    ...old.slice(0, start).map(same),
    ...middleDiff(old.slice(start, old.length - end), now.slice(start, now.length - end)),
    ...old.slice(old.length - end).map(same),
  ];
}

/** The longest common run of lines stays, the others went or came. */
function middleDiff(old: readonly string[], now: readonly string[]): Line[] {
  const went = (text: string): Line => ({ sign: "-", text });
  const came = (text: string): Line => ({ sign: "+", text });
  if (old.length * now.length > mostPairs) return [...old.map(went), ...now.map(came)];
  const width = now.length + 1;
  const common = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      common[i * width + j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push({ sign: " ", text: old[i++] ?? "" });
      j++;
    } else if (i < old.length && (j === now.length || at(i + 1, j) >= at(i, j + 1))) lines.push(went(old[i++] ?? ""));
    else lines.push(came(now[j++] ?? ""));
  }
  return lines;
}

/** The places of the lines that differ, and of so many around each. */
export const nearChanges = (lines: readonly Line[], around: number): ReadonlySet<number> =>
  new Set(
    lines.flatMap(({ sign }, i) =>
      sign === " " ? [] : Array.from({ length: 2 * around + 1 }, (_, step) => i + step - around),
    ),
  );

/** As `diff -u` writes it, without its first two lines: pieces with their places, and so many unchanged lines around. Nothing where nothing differs. */
export function unified(old: readonly string[], now: readonly string[], around = 3): string[] {
  const lines = compared(old, now);
  const near = nearChanges(lines, around);
  const pieces: string[] = [];
  let [oldAt, nowAt] = [1, 1];
  for (let i = 0; i < lines.length; ) {
    const from = i;
    while (i < lines.length && near.has(i)) i++;
    const piece = lines.slice(from, i);
    const [went, came] = [
      piece.filter(({ sign }) => sign !== "+").length,
      piece.filter(({ sign }) => sign !== "-").length,
    ];
    if (piece.length > 0) {
      pieces.push(`@@ -${place(oldAt, went)} +${place(nowAt, came)} @@`);
      pieces.push(...piece.map(({ sign, text }) => `${sign}${text}`));
    }
    [oldAt, nowAt] = [oldAt + went, nowAt + came];
    for (; i < lines.length && !near.has(i); i++) [oldAt, nowAt] = [oldAt + 1, nowAt + 1];
  }
  return pieces;
}

/** Of no lines it is the line before. */
const place = (at: number, count: number): string =>
  count === 1 ? String(at) : `${count === 0 ? at - 1 : at},${count}`;
