/**
 * How long an answer is waited for: `idleMs` since the request or the last sign of progress, `longestMs` in all. While it is held, as when the
 * client is asked something, no time passes. `onUp` is told whether all of it was used up.
 */
export function patience(idleMs: number, longestMs: number, onUp: (inAll: boolean) => void) {
  let left = longestMs;
  let since = 0;
  let holds = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;

  function run(): void {
    since = performance.now();
    const ms = Math.min(idleMs, left);
    if (Number.isFinite(ms)) timer = setTimeout(() => onUp(left < idleMs), Math.max(0, ms));
  }
  function halt(): void {
    clearTimeout(timer);
    left -= performance.now() - since;
  }

  run();
  return {
    progressed(): void {
      if (isOver || holds > 0) return;
      halt();
      run();
    },
    hold(): void {
      if (holds++ === 0 && !isOver) halt();
    },
    release(): void {
      if (--holds === 0 && !isOver) run();
    },
    end(): void {
      isOver = true;
      clearTimeout(timer);
    },
  };
}
