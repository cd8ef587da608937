export const names = Array.from({ length: 12 }, (_, n) => `key-${n}`);
/** Small enough for evictions to happen all the time. */
export const mostBytes = 1_500_000;

/** A value that says what it is, of up to 200 KB: half of it, or half of two, is seen. */
export const valueAt = (name: string, n: number): string => `${name}|${n}|${`${n};`.repeat((n * 7919) % 20_000)}|${n}`;

export function isWhole(name: string, value: string): boolean {
  const [, n] = value.split("|");
  return value === valueAt(name, Number(n));
}
