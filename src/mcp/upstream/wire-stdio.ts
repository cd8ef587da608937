import type { Channel, Exit } from "../../instances/channel.ts";
import { wholeOf } from "../params.ts";
import { oneLine } from "../spans.ts";
import { Absent, Overlong } from "./failures.ts";
import type { Sent, Wire } from "./wire.ts";

/** Over a process's standard input and output, a message a line. `end` is what closing it does to the process, if anything. */
export function stdioWire(channel: Channel, end: () => void = () => {}): Wire {
  let stopListening = () => {};
  return {
    hear(ear) {
      stopListening = channel.onMessage((text) => ear.receive(text));
      void channel.closed.then((exit) => ear.ended(endedBy(exit)));
    },
    request({ text }) {
      channel.send(oneLine(wholeOf(text)));
      return nothing;
    },
    post: async (text) => channel.send(oneLine(text)),
    cancelsBy: "message",
    close() {
      stopListening();
      end();
    },
  };
}

const nothing: Sent = { letGo() {} };

/** `reason` is there when it was we who ended it. */
function endedBy({ reason, isOverlong }: Exit): Absent {
  if (reason === undefined) return new Absent("the server's process has ended");
  const why = `its process was ended: ${reason}`;
  return isOverlong === true ? new Overlong(why) : new Absent(why);
}
