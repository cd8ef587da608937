import { isObject } from "../../../lib/object.ts";
import { Problem } from "../../../lib/problem.ts";
import { parseDocuments } from "../../../lib/yaml.ts";
import { aKind } from "../../../resources/define.ts";
import { manifestsIn } from "../../../resources/parse.ts";
import { ProxyModel, type ProxyModelFields } from "../../../resources/proxy-model.ts";
import type { Written } from "../models/written.ts";

/** The pipelines of one file, which need not say their kind. @throws Problem `invalid`, naming document and field */
export function modelsIn(text: string, file: string): Written[] {
  const models = parseDocuments(text, file).flatMap(({ value, index }) => {
    const document =
      isObject(value) && !("kind" in value) && "name" in value ? { kind: "proxymodel", ...value } : value;
    return manifestsIn(document, `${file}, document ${index}`).map(({ kind, name, fields }) => {
      if (kind !== ProxyModel)
        throw new Problem(
          "invalid",
          `document ${index} is ${aKind(kind)}: here are only proxy models, apply the others`,
        );
      return { name, fields: fields as unknown as ProxyModelFields };
    });
  });
  if (models.length === 0) throw new Problem("invalid", "there is no proxy model in it");
  return models;
}
