import type { Channel } from "../../instances/channel.ts";
import { oneLine } from "../spans.ts";
import { Beyond, unavailable } from "./failures.ts";
import type { Wire } from "./wire.ts";

/** Over a process's standard input and output, a message a line. `end` is what closing it does to the process, if anything. */
export function stdioWire(channel: Channel, end: () => void = () => {}): Wire {
  let stopListening = () => {};
  return {
    hear(ear) {
      stopListening = channel.onMessage((text) => ear.receive(text));
      void channel.closed.then(({ reason }) => ear.ended(ended(reason)));
    },
    request({ text }) {
      channel.send(oneLine(text));
      return () => {};
    },
    post: async (text) => channel.send(oneLine(text)),
    cancelsBy: "message",
    close() {
      stopListening();
      end();
    },
  };
}

/** `reason` is there when it was ended for what it did. */
const ended = (reason: string | undefined) =>
  reason === undefined ? unavailable("the server's process has ended") : new Beyond(`its process was ended: ${reason}`);
