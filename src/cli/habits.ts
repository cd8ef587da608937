/**
 * What is typed out of habit by those who come from kubectl, gh or docker, and what does it here. None of it is understood: a word that did
 * nearly what was meant would be worse than an error that names the right one.
 */
export const habits: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "api-resources": "mcpctl explain",
    "cluster-info": "mcpctl status",
    top: "mcpctl status",
    events: "mcpctl audit events",
    "get events": "mcpctl audit events",
    "get ns": "mcpctl get projects",
    "get namespaces": "mcpctl get projects",
    "get pods": "mcpctl get instances",
    rollout: "mcpctl restart SERVER",
    scale: "mcpctl patch server NAME replicas=2",
    set: "mcpctl patch KIND NAME FIELD=VALUE",
    replace: "mcpctl apply -f FILE",
    annotate: "mcpctl label KIND NAME KEY=VALUE",
    wait: "mcpctl apply -f FILE --wait",
    run: "mcpctl create server NAME -- COMMAND",
    list: "mcpctl get servers",
    ls: "mcpctl get servers",
    ps: "mcpctl get instances",
    rm: "mcpctl delete KIND NAME",
    inspect: "mcpctl describe KIND NAME",
    "auth whoami": "mcpctl whoami",
    "auth status": "mcpctl whoami",
    "auth login": "mcpctl login URL",
    "auth logout": "mcpctl logout",
    "config get-contexts": "mcpctl context list",
    "config current-context": "mcpctl context current",
    "config use-context": "mcpctl context use NAME",
    "config set-context": "mcpctl context set NAME",
    "config rename-context": "mcpctl context rename NAME NEW",
    "config delete-context": "mcpctl context delete NAME",
  }),
);

/** Likewise of flags, as a sentence. */
export const flagHabits: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "-n": "a project is said with -p NAME",
    "--namespace": "a project is said with -p NAME",
    "-A": "without -p it is of all projects",
    "--all-namespaces": "without -p it is of all projects",
  }),
);
