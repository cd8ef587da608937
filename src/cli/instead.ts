/** What to type for what is made once and then only ended. */
export const instead: Record<string, string> = {
  mcptoken: "mcpctl token rotate NAME -p PROJECT, or mcpctl token revoke and mcpctl token create",
  session: "mcpctl delete session ID ends it, mcpctl login and mcpctl auth session make one",
  toolchange: "mcpctl approve toolchange NAME, or mcpctl reject toolchange NAME",
  promptrequest: "mcpctl approve promptrequest NAME -p PROJECT, then mcpctl edit prompt NAME -p PROJECT",
  instance: "mcpctl edit server NAME changes what it runs, mcpctl delete instance NAME replaces it",
};
