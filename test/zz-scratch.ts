import { mkdirSync, writeFileSync } from "node:fs";
import { world } from "./world.ts";
await using w = await world();
mkdirSync(w.home+"/data/stages",{recursive:true}); mkdirSync(w.home+"/data/plugins",{recursive:true});mkdirSync(w.home+"/data/proxymodels",{recursive:true});
writeFileSync(w.home+"/data/stages/upper.ts", `export const description = "Upper case"; export default async (c: string) => ({ content: c.toUpperCase() })`);
writeFileSync(w.home+"/data/stages/bad.ts", `export default 1`);
writeFileSync(w.home+"/data/plugins/mine.ts", `export default { extends: ["gate", "content-pipeline"], hooks: { onToolsList() {} } }`);
writeFileSync(w.home+"/data/plugins/both.ts", `export default { extends: ["gate", "mine"], hooks: { } }`);
writeFileSync(w.home+"/data/proxymodels/a.yaml", `name: loud\nstages: [{type: upper}, {type: passthrough}]\n---\nkind: ProxyModel\nmetadata: {name: old}\nspec: {controller: gate, stages: [{type: nope}]}`);
await w.until("x", async () => (await w.api("GET","/api/v1/proxymodels/loud")).status === 200);
for (const words of [["get","proxymodels"],["describe","proxymodel","gate"],["describe","proxymodel","default"],["describe","proxymodel","loud"],["describe","proxymodel","old"],["describe","proxymodel","mine"],["proxymodel","stages"],["proxymodel","try","loud","--input","package.json"],["proxymodel","try","old","-i","package.json"],["proxymodel","try","gate","-i","package.json"],["proxymodel","try","default","-i","README.md"]]) {
  const r = await w.cli(words, {terminal:false}); console.log("$ mcpctl "+words.join(" ")+"  → "+r.code); console.log(r.out.slice(0,3000)); if (r.err) console.log("ERR", r.err);
}
