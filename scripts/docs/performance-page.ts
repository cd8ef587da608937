import { between, fullTables, kept, machineLine, shortTable, verdictTable } from "./bench.ts";

/** `docs/performance.md` with the figures of the run that is kept. */
export async function performancePage(): Promise<string> {
  const [text, results] = [await Bun.file("docs/performance.md").text(), await kept()];
  return [
    ["machine", machineLine(results)],
    ["aims", verdictTable(results)],
    ["figures", fullTables(results)],
  ].reduce((made, [name = "", part = ""]) => between(made, name, part), text);
}

/** README with the short form of it. */
export async function readmePage(): Promise<string> {
  const results = await kept();
  return between(await Bun.file("README.md").text(), "figures", `${machineLine(results)}\n\n${shortTable(results)}`);
}
