/** The words of a verb's example as a shell would part them, without what stands round the command. */
export const exampleWords = (name: string, example: string): string[] =>
  [
    ...example
      .slice(example.indexOf(`mcpctl ${name}`) + "mcpctl ".length)
      .replace(/\)$/, "")
      .replace(/ [|<>#].*$/, "")
      .matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g),
  ].map(([, single, double, plain]) => single ?? double ?? plain ?? "");
