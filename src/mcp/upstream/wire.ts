import type { Problem } from "../../lib/problem.ts";
import type { Text } from "../json-rpc.ts";
import type { Params } from "../params.ts";

/** One request on its way: the message's text, and what a wire needs of it for headers. `params` are those that stand in the message. */
export type Sending = {
  id: number;
  method: string;
  params: Params;
  text: Text;
  tool: string | undefined;
};

/** A request that was sent. */
export type Sent = {
  /** Nobody waits for the answer any more. */
  letGo: () => void;
};

/** Who hears what comes over a wire. */
export type Ear = {
  /**
   * One message of the server; `via` is the request on whose own stream it came, where there is such a thing. It answers a promise where it takes its
   * time, which what comes behind it has to wait for.
   */
  receive: (text: string, via?: number) => Promise<void> | undefined;
  /** Whether the request still has no answer. */
  waits: (id: number) => boolean;
  failed: (id: number, why: Problem) => void;
  /** The server let go of the request's stream, which is taken up again after so long. */
  paused: (id: number, retryMs: number) => void;
  /** Nothing more will come at all. */
  ended: (why: Problem) => void;
};

/** What carries the messages of one conversation. */
export type Wire = {
  /** Told once, before anything is sent. */
  hear: (ear: Ear) => void;
  /**
   * Sends a request.
   * @throws Problem `unavailable` when it cannot be sent at all; later failures are told to the ear
   */
  request: (sending: Sending) => Sent;
  /** Sends a notification, or the answer to a request of the server's. @throws Problem `unavailable` */
  post: (text: string) => Promise<void>;
  /** How a server learns that nobody waits: by `notifications/cancelled`, or by the closing of the stream (reference/protocol.md §1.5). */
  cancelsBy: "message" | "closing";
  /** The version to be named from now on. */
  agreed?: (protocolVersion: string) => void;
  /** Opens the way for what the server says outside of any request, where that needs one. `onForgotten`: the session is no more. */
  listen?: (onForgotten: () => void) => void;
  close: () => void;
};
