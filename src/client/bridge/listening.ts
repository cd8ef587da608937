import { sleep } from "../../lib/wait.ts";

export type Listening = {
  /** Opens the stream. @throws Unanswered */
  open: (headers: Record<string, string>, signal: AbortSignal) => Promise<Response>;
  said: (response: Response) => AsyncGenerator<{ text: string; id?: string | undefined }>;
  hear: (text: string) => Promise<void>;
  /** The gateway knows the session no more. */
  forgotten: () => Promise<void>;
  signal: AbortSignal;
};

const firstPauseMs = 250;
const longestPauseMs = 5_000;

/** The stream for what belongs to no request, taken up again where it broke off for as long as the client is there. */
export async function listen({ open, said, hear, forgotten, signal }: Listening): Promise<void> {
  let lastEventId: string | undefined;
  for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const from: Record<string, string> = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    const response = await open(from, signal).catch(() => undefined);
    if (response?.ok === true) {
      try {
        for await (const { text, id } of said(response)) {
          lastEventId = id ?? lastEventId;
          await hear(text);
          pauseMs = firstPauseMs;
        }
      } catch {
        // Broken off, or the gateway was stopped: taken up again below.
      }
    } else if (response !== undefined) {
      await response.body?.cancel();
      if (response.status === 404) {
        lastEventId = undefined;
        await forgotten().catch(() => {});
        // What opens the session again listens anew.
        return;
      }
      // There is no such stream, or it is not ours to have.
      if (response.status < 500) return;
    }
    await sleep(pauseMs, signal);
  }
}
