/** Cuts a stream of bytes into lines. A line over the bound is reported once and what is left of it skipped. */
export function lineCutter(maxBytes: number, onLine: (line: string) => void, onTooLong: () => void) {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let size = 0;
  let skipping = false;

  /** Nearly all lines come in one piece. */
  function end(): void {
    const [first = ""] = parts;
    if (!skipping) onLine(withoutReturn(parts.length < 2 ? first : parts.join("")));
    parts.length = 0;
    size = 0;
    skipping = false;
  }

  function add(text: string): void {
    if (skipping) return;
    parts.push(text);
    size += text.length;
    if (size <= maxBytes) return;
    parts.length = 0;
    skipping = true;
    onTooLong();
  }

  return (chunk: Uint8Array): void => {
    const text = decoder.decode(chunk, { stream: true });
    let start = 0;
    for (;;) {
      const at = text.indexOf("\n", start);
      if (at < 0) break;
      add(text.slice(start, at));
      end();
      start = at + 1;
    }
    if (start < text.length) add(text.slice(start));
  };
}

const withoutReturn = (line: string): string => (line.endsWith("\r") ? line.slice(0, -1) : line);
