import * as Type from "../../../lib/type.ts";
import { defineStage } from "../stage.ts";

export const passthrough = defineStage({
  name: "passthrough",
  description: "Leaves everything as it is",
  config: Type.Object({}, { additionalProperties: false }),
  leaves: () => Number.POSITIVE_INFINITY,
  run: (content) => ({ content }),
});
