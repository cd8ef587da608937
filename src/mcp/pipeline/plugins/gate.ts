import { definePlugin } from "../plugin.ts";

/** Tools are closed until the client has said what it is about, and was given the prompts that fit. A convenience: rights are elsewhere. */
export const gate = () =>
  definePlugin({ name: "gate", description: "begin_session first: prompts that fit the task, then the tools" });
