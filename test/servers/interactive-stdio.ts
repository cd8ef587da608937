// The interactive server over stdio: `bun interactive-stdio.ts [--era legacy|modern|both] [--silent-probe] [--dies-of-probe] [--noise] [--varies] [--name NAME]`.
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { interactive, type Message, varying } from "./interactive.ts";

const { values } = parseArgs({
  options: {
    era: { type: "string", default: "legacy" },
    "silent-probe": { type: "boolean" },
    "dies-of-probe": { type: "boolean" },
    varies: { type: "boolean" },
    noise: { type: "boolean" },
    name: { type: "string", default: "stdio" },
  },
});

const say = (message: Message) => void process.stdout.write(`${JSON.stringify(message)}\n`);
const conversation = interactive(values.name, say, values.varies === true ? varying() : undefined);
if (values.noise === true) process.stdout.write("Server is starting…\n{not json}\n");

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as Message;
  const isModern = message.params?._meta?.["io.modelcontextprotocol/protocolVersion"] !== undefined;
  if (isModern && values["dies-of-probe"] === true) process.exit(3);
  if (isModern && values["silent-probe"] === true) continue;
  const isForeign =
    message.id !== undefined && message.method !== undefined && values.era === (isModern ? "legacy" : "modern");
  if (isForeign && message.id !== undefined)
    say({ jsonrpc: "2.0", id: message.id, error: { code: -32601, message: "not this era" } });
  else void conversation.take(message, say);
}
