const everyMs = 100;
/** The worst of the last two of these is told. */
const windowMs = 15_000;

/** How long whatever was due had to wait for the event loop: in seconds, the worst of the last quarter of a minute. */
export type Vitals = ReturnType<typeof watchVitals>;

export function watchVitals(now: () => number = () => performance.now()) {
  let due = now() + everyMs;
  let worst = 0;
  let worstBefore = 0;
  let windowEnds = now() + windowMs;
  const timer = setInterval(() => {
    const at = now();
    worst = Math.max(worst, at - due);
    due = at + everyMs;
    if (at < windowEnds) return;
    worstBefore = worst;
    worst = 0;
    windowEnds = at + windowMs;
  }, everyMs);
  timer.unref();
  return { loopDelaySeconds: () => Math.max(worst, worstBefore) / 1000, close: () => clearInterval(timer) };
}
