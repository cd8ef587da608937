/** "3m ago" for what a person reads; machines get the instant. */
export function humane(cell: string, now: number): string {
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(cell)) return cell;
  const seconds = Math.round((Date.parse(cell) - now) / 1000);
  const size = Math.abs(seconds);
  const [count, unit] =
    size < 90
      ? [size, "s"]
      : size < 5400
        ? [Math.round(size / 60), "m"]
        : size < 172_800
          ? [Math.round(size / 3600), "h"]
          : [Math.round(size / 86_400), "d"];
  return seconds <= 0 ? `${count}${unit} ago` : `in ${count}${unit}`;
}
