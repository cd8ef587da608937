import { parsedJson } from "../../lib/json.ts";
import { isObject } from "../../lib/object.ts";
import { Problem } from "../../lib/problem.ts";
import * as Type from "../../lib/type.ts";
import { shownStage } from "../../mcp/pipeline/models/trial.ts";
import { contentTypes } from "../../mcp/pipeline/stage.ts";
import { demandOn, judgeAll } from "../../rbac/judge.ts";
import { oneOf } from "../../resources/define.ts";
import { bytesInWords } from "../../resources/limits.ts";
import { Project } from "../../resources/project.ts";
import { ProxyModel } from "../../resources/proxy-model.ts";
import { bodyLimits, readBody } from "../body.ts";
import { asCaller, type Route } from "../route.ts";

const tag = ProxyModel.plural;
const mostBytes = 10 * 1024 * 1024;

/** What is asked of proxy models besides making and changing them. */
export const proxyModelRoutes: Route[] = [
  {
    method: "GET",
    path: "/api/v1/proxymodels/-/stages",
    permission: { store: { verb: "view", resource: tag } },
    tag,
    summary:
      "Every stage type with the fields of its config, and the files of the data folder that are not used as they are",
    handle: async (call, rooms) => {
      const { models } = rooms.proxyModels;
      const seesAll = await asCaller("read", call, rooms, function* (rights) {
        yield* rooms.store.list(rights, ProxyModel);
        return judgeAll(rights, "view", ProxyModel).allowed;
      });
      const items = [...models.stageTypes().values()].map(shownStage);
      return { items: items.toSorted((a, b) => (a.name < b.name ? -1 : 1)), faults: seesAll ? models.faults() : [] };
    },
  },
  {
    method: "POST",
    path: "/api/v1/proxymodels/:ref/try",
    // It runs stages, local code among them, on what one sends: nobody needs that but who writes the model.
    permission: { store: { verb: "update", resource: tag } },
    tag,
    summary: "Bring a text through the stages of a model, and see what each of them does",
    body: () =>
      Type.Object({
        content: Type.String({ description: `The text, of ${bytesInWords(mostBytes)} at most` }),
        contentType: Type.Optional(oneOf(contentTypes, "What it stands for; toolResult when absent")),
        source: Type.Optional(Type.String({ description: "What it is said to come from, such as server/tool" })),
        project: Type.Optional(
          Type.String({ description: "Whose llm stages may ask; takes the right to run that project" }),
        ),
      }),
    handle: async (call, rooms) => {
      const found = await asCaller("read", call, rooms, (rights) =>
        rooms.store.find(rights, ProxyModel, call.params["ref"] ?? "", "update"),
      );
      const { project: named, ...trial } = trialIn(await readBody(call.request, bodyLimits.hard));
      const { project, caller } = await asCaller("read", call, rooms, function* (rights) {
        if (named === undefined) return { project: undefined, caller: rights.subject };
        const project = yield* rooms.store.get(rights, Project, named);
        demandOn(rights, "run", Project, project.name, project);
        return { project, caller: rights.subject };
      });
      const { signal } = call.request;
      const result = await rooms.proxyModels.try(found.name, { ...trial, project, caller, signal });
      return { kind: ProxyModel.kind, name: found.name, ...result };
    },
  },
];

function trialIn(text: string) {
  const body = jsonOf(text);
  const { content, contentType = "toolResult", source = "try/input", project, ...rest } = isObject(body) ? body : {};
  const type = contentTypes.find((one) => one === contentType);
  const isGood =
    typeof content === "string" && typeof source === "string" && (project === undefined || typeof project === "string");
  if (!isGood || type === undefined || Object.keys(rest).length > 0)
    throw new Problem(
      "invalid",
      `The body is {content, contentType?: ${contentTypes.join(" | ")}, source?, project?}`,
      {
        hint: "mcpctl proxymodel try NAME --input FILE",
      },
    );
  if (Buffer.byteLength(content) > mostBytes)
    throw new Problem("invalid", `the content is over ${bytesInWords(mostBytes)}`, { status: 413 });
  return { content, contentType: type, source: source.slice(0, 1_024), project };
}

function jsonOf(text: string): unknown {
  const value = parsedJson(text);
  if (value === undefined) throw new Problem("invalid", "The body is not JSON", { status: 400 });
  return value;
}
