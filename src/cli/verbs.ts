import type { Verb } from "./verb.ts";
import { accessVerbs } from "./verbs/access.ts";
import { auditVerbs } from "./verbs/audit.ts";
import { backupVerbs } from "./verbs/backup.ts";
import { bridgeVerbs } from "./verbs/bridge.ts";
import { cacheVerbs } from "./verbs/cache.ts";
import { clientVerbs } from "./verbs/clients.ts";
import { completionVerbs } from "./verbs/completion.ts";
import { hereVerbs } from "./verbs/here.ts";
import { instanceVerbs } from "./verbs/instances.ts";
import { proxyModelVerbs } from "./verbs/proxy-models.ts";
import { readingVerbs } from "./verbs/reading.ts";
import { serverVerbs } from "./verbs/servers.ts";
import { templateVerbs } from "./verbs/templates.ts";
import { writingVerbs } from "./verbs/writing.ts";

/** Every verb, in the order in which help shows them. A verb is one row in verbs/ and one file in commands/. */
export const verbs: Record<string, Verb> = {
  ...readingVerbs,
  ...writingVerbs,
  ...templateVerbs,
  ...serverVerbs,
  ...proxyModelVerbs,
  ...cacheVerbs,
  ...accessVerbs,
  ...auditVerbs,
  ...bridgeVerbs,
  ...instanceVerbs,
  ...clientVerbs,
  ...backupVerbs,
  ...hereVerbs,
  ...completionVerbs,
};
