/** What is told of it: a function, or an object that is there anyway. */
type Told = (() => void) | { handleEvent: () => void };

/** Calls back once it is aborted, at once when it is already: whoever waited before listening would listen for ever. */
export function onAbort(signal: AbortSignal, then: Told): void {
  if (!signal.aborted) signal.addEventListener("abort", then, { once: true });
  else if (typeof then === "function") then();
  else then.handleEvent();
}
