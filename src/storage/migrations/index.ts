import first from "./0001_init.sql" with { type: "text" };
import second from "./0002_rights.sql" with { type: "text" };
import third from "./0003_audit.sql" with { type: "text" };
import fourth from "./0004_eras.sql" with { type: "text" };
import fifth from "./0005_names.sql" with { type: "text" };
import toolChanges from "./0006_toolchanges.sql" with { type: "text" };
import variants from "./0007_variants.sql" with { type: "text" };
import gate from "./0008_gate.sql" with { type: "text" };
import promptLinks from "./0009_prompt_links.sql" with { type: "text" };
import auditBlocks from "./0010_audit_blocks.sql" with { type: "text" };

/** Every step, in order; the version of a database is how many it has had. Forward only, never edited once released. */
export const migrations: readonly string[] = [
  first,
  second,
  third,
  fourth,
  fifth,
  toolChanges,
  variants,
  gate,
  promptLinks,
  auditBlocks,
];
