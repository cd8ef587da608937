// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code that stands for code; what looks like a placeholder in them is one of the product's.
/** One fault, planted by replacing a text that stands exactly once in its file. */
export type Mutant = { name: string; file: string; from: string; to: string };

const evaluate = "src/rbac/evaluate.ts";
const index = "src/rbac/grant-index.ts";
const permissions = "src/rbac/permissions.ts";
const rights = "src/rbac/rights.ts";
const ceiling = "src/rbac/ceiling.ts";
const judge = "src/rbac/judge.ts";
const guard = "src/rbac/guarded-store.ts";
const authenticate = "src/auth/authenticate.ts";
const tokens = "src/auth/token-source.ts";
const pattern = "src/lib/pattern.ts";
const admit = "src/server/admit.ts";

const nameRule = "return binding.name === undefined || binding.name === attempt.name;";
const decision = "return given.flatMap(atomsOf).filter((atom) => !decide(layers, atom).allowed);";

/** The faults that the tests of rights must each find; what is merely a second lock on the same door is left out. */
export const mutants: readonly Mutant[] = [
  {
    name: "edit holds run",
    file: evaluate,
    from: 'edit: ["view", "create", "update", "delete"],',
    to: 'edit: ["view", "create", "update", "delete", "run"],',
  },
  { name: "view holds update", file: evaluate, from: 'view: ["view"],', to: 'view: ["view", "update"],' },
  { name: "names are ignored", file: evaluate, from: nameRule, to: "return true;" },
  {
    name: "one name is all names",
    file: evaluate,
    from: nameRule,
    to: `${nameRule.slice(0, -1)} || attempt.name === undefined;`,
  },
  {
    name: "one layer is enough",
    file: evaluate,
    from: "if (consent === undefined) return { allowed: false, missing: missingFor(attempt), who };",
    to: "if (consent === undefined) continue;",
  },
  {
    name: "every resource holds operations",
    file: evaluate,
    from: 'return binding.action === "*" || binding.action === attempt.action;',
    to: 'return binding.resource === "*" || binding.action === "*" || binding.action === attempt.action;',
  },
  {
    name: "only the first atom counts",
    file: evaluate,
    from: "return verbsOf[binding.role].map((verb)",
    to: "return verbsOf[binding.role].slice(0, 1).map((verb)",
  },
  {
    name: "atoms without a name escape the ceiling",
    file: evaluate,
    from: decision,
    to: 'return given.flatMap(atomsOf).filter((atom) => "verb" in atom && atom.name !== undefined && !decide(layers, atom).allowed);',
  },
  {
    name: "a right on one tool is a right on all",
    file: evaluate,
    from: 'return resource === "tools" && (whole || toolPatternCovers(name, call));',
    to: 'return resource === "tools";',
  },
  {
    name: "a right on one project is a right on all",
    file: evaluate,
    from: 'if (resource === "projects") return whole || name === project;',
    to: 'if (resource === "projects") return true;',
  },
  {
    name: "the index forgets the star of operations",
    file: index,
    from: 'return [`action ${attempt.action}`, "action *"];',
    to: "return [`action ${attempt.action}`];",
  },
  {
    name: "the index forgets names on every resource",
    file: index,
    from: "[`${resource} ${name}`, `* ${name}`];",
    to: "[`${resource} ${name}`];",
  },
  {
    name: "a star reaches across the slash",
    file: pattern,
    from: 'return held !== undefined && given !== undefined && held.every((part, i) => patternCovers(part, given[i] ?? ""));',
    to: "return held !== undefined && given !== undefined && patternCovers(pattern, tool);",
  },
  {
    name: "the end of a pattern is not looked at",
    file: pattern,
    from: "|| !text.endsWith(last)) return false;",
    to: ") return false;",
  },
  {
    name: "a scope holds names of other verbs",
    file: permissions,
    from: ".filter((name) => canAccess(layers, verb, resource, name).allowed)",
    to: "",
  },
  {
    name: "a clone has the roles of one layer alone",
    file: permissions,
    from: "rolesFor(verbsOf[a.role].filter((verb) => verbsOf[b.role].includes(verb)));",
    to: "rolesFor(verbsOf[a.role]);",
  },
  {
    name: "a clone is of the first layer",
    file: permissions,
    from: "layers.map(permissionsOf);",
    to: "layers.slice(0, 1).map(permissionsOf);",
  },
  {
    name: "one layer opens the door",
    file: permissions,
    from: "layers.every(({ held }) =>",
    to: "layers.some(({ held }) =>",
  },
  {
    name: "the right to run a server opens a project",
    file: permissions,
    from: 'return (resource === "*" || resource === "projects") && (name === undefined || name === project);',
    to: "return name === undefined || name === project;",
  },
  {
    name: "a token has rights of a definition that forgot it",
    file: "src/auth/token-view.ts",
    from: 'return subjects.some(({ kind, name }) => kind === "McpToken" && name === shaOf(hash)) ? roleBindings : [];',
    to: "return hash === shaOf(hash) || subjects.length === -1 ? [] : roleBindings;",
  },
  { name: "an id is a name", file: guard, from: "if (isId(name)) throw idAsName(kind);", to: "" },
  {
    name: "a disabled owner's token lives",
    file: rights,
    from: "if (row === undefined || (row.fields as UserFields).disabled === true)",
    to: "if (row === undefined)",
  },
  {
    name: "a token has more than its owner",
    file: rights,
    from: "layers: [...layers, { ...owner.layer, who: `its owner ${owner.subject}` }],",
    to: "layers,",
  },
  {
    name: "a token has more than its minter",
    file: rights,
    from: "for (const one of [token, ...minters]) layers.push(",
    to: "for (const one of [token]) layers.push(",
  },
  {
    name: "a minter's tools do not bind its child",
    file: rights,
    from: "filters: [token, ...minters],",
    to: "filters: [token],",
  },
  {
    name: "tools are not filtered",
    file: rights,
    from: "if (closed === undefined) return decision;",
    to: "if (closed !== null) return decision;",
  },
  {
    name: "a token for tools may run the project",
    file: rights,
    from: "tools === null ? [useOf(project)]",
    to: "tools !== undefined ? [useOf(project)]",
  },
  {
    name: "can-i of a tool looks over the wall",
    file: rights,
    from: "if (home !== undefined && project !== home.name)",
    to: 'if (home !== undefined && project === "")',
  },
  {
    name: "old rights are remembered",
    file: rights,
    from: "if (known?.fields === fields) return known.grants;",
    to: "if (known !== undefined) return known.grants;",
  },
  {
    name: "definitions have no ceiling",
    file: ceiling,
    from: "return newBindings(fields as RbacFields, existing as RbacFields | undefined).flatMap(atomsOf);",
    to: "return [];",
  },
  {
    name: "another subject is given nothing",
    file: ceiling,
    from: "if (!fields.subjects.every(isOld)) return fields.roleBindings;",
    to: "",
  },
  {
    name: "groups may be joined freely",
    file: ceiling,
    from: 'const joins = [...namesIn(fields["members"])].some((member) => !before.has(member));',
    to: "const joins = before === undefined;",
  },
  {
    name: "anybody's password may be set",
    file: ceiling,
    from: 'const takes = fields["password"] !== undefined || wakes(fields, existing);',
    to: "const takes = wakes(fields, existing);",
  },
  {
    name: "anybody may be woken",
    file: ceiling,
    from: 'const takes = fields["password"] !== undefined || wakes(fields, existing);',
    to: 'const takes = fields["password"] !== undefined;',
  },
  {
    name: "a token may be bound to anything",
    file: ceiling,
    from: "return [...uses, ...tokenBindings(fields as McpTokenFields, rights).flatMap(atomsOf)];",
    to: "return uses;",
  },
  {
    name: "a token needs no right to its project",
    file: ceiling,
    from: "tools === undefined ? atomsOf(useOf(project)) : tools.map((call) => ({ call, project }));",
    to: "tools === undefined ? [] : tools.map((call) => ({ call, project }));",
  },
  {
    name: "any server may be put into a project",
    file: ceiling,
    from: "if (old === undefined || !isNarrower(curation, old)) given.push({ call: `${name}/*` });",
    to: "if (old !== undefined && !isNarrower(curation, old)) given.push({ call: `${name}/*` });",
  },
  {
    name: "whoever edits a project may offer more of its servers",
    file: ceiling,
    from: "if (old === undefined || !isNarrower(curation, old)) given.push({ call: `${name}/*` });",
    to: "if (old === undefined) given.push({ call: `${name}/*` });",
  },
  {
    name: "whoever edits a project may change what its calls are given",
    file: ceiling,
    from: "Bun.deepEquals(now.arguments ?? {}, before.arguments ?? {}, true);",
    to: "true;",
  },
  {
    name: "any service account may be taken over",
    file: ceiling,
    from: "    atomsHeld(yield* heldBy(`${prefix}:${account.id}`)),",
    to: '    prefix === "" ? atomsHeld(yield* heldBy(`User:${account.id}`)) : [],',
  },
  {
    name: "there is no wall",
    file: judge,
    from: "if (project === undefined) return true;",
    to: "if (project === undefined || verb !== undefined) return true;",
  },
  { name: "a token writes what it may look at", file: judge, from: "rule.verbs.includes(verb) && ", to: "" },
  { name: "the wall is round no project", file: judge, from: " && rule.belongs(item, project, verb)", to: "" },
  {
    name: "prompts: a right of one name reaches every project",
    file: judge,
    from: "kind.reachesAll?.(item) !== true",
    to: "kind.reachesAll !== undefined",
  },
  {
    name: "prompts: a token writes what every project is told",
    file: judge,
    from: '(verb === "view" && item["project"] === undefined)',
    to: 'item["project"] === undefined',
  },
  {
    name: "prompts: a write asks nothing of its project",
    file: "src/rbac/scope.ts",
    from: 'demandAt(rights, "view", Project, project, found);',
    to: "",
  },
  {
    name: "a token may do every operation",
    file: judge,
    from: "|| operationsWithin.includes(action)) return decision;",
    to: '|| action !== "") return decision;',
  },
  {
    name: "a token sees its owner's tokens",
    file: judge,
    from: "if (rights.project !== undefined || kind.owner === undefined) return false;",
    to: "if (kind.owner === undefined) return false;",
  },
  {
    name: "everybody's tokens are one's own",
    file: judge,
    from: "&& kind.owner(item as Resource) === rights.user;",
    to: "&& kind.owner(item as Resource) !== undefined;",
  },
  {
    name: "a list looks over the wall",
    file: judge,
    from: ' && insideWall(rights, "view", kind, item)) ||',
    to: ") ||",
  },
  {
    name: "a token is rotated with a token",
    file: guard,
    from: "if (rights.tokenId !== undefined)",
    to: "if (rights.tokenId === null)",
  },
  {
    name: "rotating has no ceiling",
    file: guard,
    from: "yield* checkCeiling({ kind, name: item.name, fields: item, existing: undefined, rights });",
    to: "",
  },
  {
    name: "what a server executes is anybody's",
    file: guard,
    from: 'if (runsOther) demandOperation(rights, "servers-execute");',
    to: "",
  },
  {
    name: "the last administrator may go",
    file: "src/rbac/safeguards.ts",
    from: "if (atRisk && !(yield* anAdministratorExists())) {",
    to: "if (atRisk && !existing) {",
  },
  { name: "tokens never expire", file: authenticate, from: '? "expired" : "active";', to: '? "active" : "active";' },
  {
    name: "revoked tokens live",
    file: authenticate,
    from: 'token.revokedAt !== null ? "revoked" :',
    to: 'token.revokedAt === -1 ? "revoked" :',
  },
  {
    name: "a child has no parent",
    file: tokens,
    from: "const parentId = by.tokenId ?? null;",
    to: "const parentId = by.tokenId === undefined ? null : null;",
  },
  {
    name: "rotating sheds the parent",
    file: tokens,
    from: "return yield* mint(id, { ...old, expiresAt }, bindings);",
    to: "return yield* mint(id, { ...old, parentId: null, expiresAt }, bindings);",
  },
  {
    name: "rotating sheds the tools",
    file: tokens,
    from: "return yield* mint(id, { ...old, expiresAt }, bindings);",
    to: "return yield* mint(id, { ...old, tools: null, expiresAt }, bindings);",
  },
  {
    name: "the overlap has no end",
    file: tokens,
    from: "yield* succeedToken(old.id, id, now + overlapMs);",
    to: "yield* succeedToken(old.id, id, now * 2);",
  },
  {
    name: "the gateway filters no tools",
    file: admit,
    from: "mayCall: isFiltered ?",
    to: "mayCall: isFiltered === undefined ?",
  },
  {
    name: "the gateway mistakes the project",
    file: admit,
    from: "if (ref === undefined || ref === rights.project.name || ref === rights.project.id)",
    to: 'if (ref !== "")',
  },
];

/** What the tests said of one mutant: the first that failed, and nothing when it got through all of them. */
export type Verdict = { verdict: "killed" | "SURVIVED"; by: string };

/** A run that ended badly without a failing test, such as a program that no longer starts, is a kill as well, and says so. */
export function judgeRun(exitCode: number | null, report: string): Verdict {
  if (exitCode === 0) return { verdict: "SURVIVED", by: "" };
  const failed = /\(fail\) (.+?)(?: \[[\d.]+m?s\])?$/m.exec(report)?.[1];
  return { verdict: "killed", by: failed ?? (exitCode === null ? "it never ended" : "it did not even run") };
}

/** @throws Error when the text to replace does not stand exactly once in the file: the mutant has rotted, and must be planted anew */
export function plant({ name, file, from, to }: Mutant, source: string): string {
  const times = source.split(from).length - 1;
  if (times !== 1) throw new Error(`mutant "${name}": its text stands ${times} times in ${file}, not once`);
  return source.replace(from, () => to);
}
