import type { Channel } from "../../instances/channel.ts";
import { Problem } from "../../lib/problem.ts";
import { conversation } from "./conversation.ts";
import { initializeParams, introductionFrom } from "./handshake.ts";
import { limits, type Upstream } from "./upstream.ts";

/**
 * Opens the conversation with a server process: initialize, then initialized.
 * @throws Problem `unavailable` when it does not answer in time or exits meanwhile
 */
export async function openStdio(channel: Channel): Promise<Upstream> {
  const talk = conversation((text) => channel.send(text));
  const stopListening = channel.onMessage(talk.receive);
  void channel.closed.then(() => talk.end(new Problem("unavailable", "the server's process has ended")));
  try {
    const introduction = introductionFrom(
      await talk.request("initialize", initializeParams, { timeoutMs: limits.initializeMs }),
    );
    talk.notify("notifications/initialized");
    return {
      ...introduction,
      era: "legacy",
      request: talk.request,
      notify: async (method, params) => talk.notify(method, params),
      onNotification: talk.onNotification,
      follow: async () => {},
      close: () => {
        stopListening();
        talk.end(new Problem("unavailable", "the connection to the server was closed"));
      },
    };
  } catch (error) {
    stopListening();
    throw error;
  }
}
