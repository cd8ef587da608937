/** Calls back once it is aborted, at once when it is already: whoever waited before listening would listen for ever. */
export function onAbort(signal: AbortSignal, then: () => void): void {
  if (signal.aborted) then();
  else signal.addEventListener("abort", then, { once: true });
}
