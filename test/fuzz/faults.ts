import { type Inbound, type Judged, judge } from "../../src/mcp/downstream/inbound.ts";
import { membersOf } from "../../src/mcp/spans.ts";
import { type Gate, ours } from "./gate.ts";
import { holdsTwins, type Node, read, type Sight, see, sights } from "./reader.ts";

const [first, last] = sights as [Sight, Sight];

/** Judges as gateways do that were not told: what a parser makes of the text, and the text itself for forwarding. */
const naive =
  (refuses: (root: Node) => boolean, believes: Sight, flatten = true) =>
  (text: string, headers: Headers): Judged => {
    const ourJudgement = judge(text, headers);
    let root: Node;
    try {
      root = read(text);
    } catch {
      return ourJudgement;
    }
    const params = see(root, "params", believes);
    const isCall = see(root, "method", believes)?.value === "tools/call" && see(root, "id", believes) !== undefined;
    if (!isCall || params?.members === undefined || refuses(root)) return ourJudgement;
    const paramsText = flatten ? params.text.replace(/[\r\n]/g, " ") : params.text;
    const inbound: Inbound = {
      era: "legacy",
      id: see(root, "id", believes)?.text,
      method: "tools/call",
      params: { name: see(params, "name", believes)?.value },
      paramsText,
      brief: paramsText,
      long: undefined,
      size: undefined,
      members: membersOf(paramsText),
      meta: {},
      answer: undefined,
    };
    return { inbound, at: 0 };
  };

/** Known ways to do it wrong (reference/reliability.md §3); each must be found out. */
export const faults: Record<string, Gate> = {
  "believes the first of two keys": { ...ours, judge: naive(() => false, first) },
  "believes the last of two keys": { ...ours, judge: naive(() => false, last) },
  "does not look at spelling": { ...ours, judge: naive(holdsTwins, first) },
  "lets line breaks through": {
    ...ours,
    judge: (text, headers) => {
      const judged = judge(text, headers);
      return "refusal" in judged ? judged : naive(() => false, first, false)(text, headers);
    },
  },
  "parses and writes anew": {
    ...ours,
    forward: (inbound) => {
      const paramsText = JSON.stringify(inbound.params);
      return ours.forward({ ...inbound, paramsText, brief: paramsText, members: membersOf(paramsText) });
    },
  },
  "passes the hop's words on": {
    ...ours,
    forward: async (inbound) =>
      (await ours.forward(inbound)).map((sent) => sent.replace('"params":{', '"params":{"_meta":{"progressToken":1},')),
  },
};
