import type { Form } from "./marks.ts";

const name = String.raw`([\w$.:~]{1,100})`;
/** What begins a declaration at the start of a line, in the languages that people write most of; the group is its name. */
const declarations: readonly RegExp[] = [
  // JavaScript and TypeScript
  new RegExp(
    `^(?:export )?(?:default )?(?:declare )?(?:async )?(?:abstract )?(?:function\\*?|class|interface|type|enum|const|let|var|namespace) ${name}`,
  ),
  // Python, Ruby
  new RegExp(`^(?:async )?(?:def|class|module) ${name}`),
  // Go
  new RegExp(`^func (?:\\([^)]{0,100}\\) )?${name}`),
  // Rust
  new RegExp(
    `^(?:pub(?:\\([^)]{0,40}\\))? )?(?:async |unsafe |const |extern "C" ){0,3}(?:fn|struct|enum|trait|impl(?:<[^>]{0,100}>)?|mod|union|macro_rules!) ${name}`,
  ),
  // Java, C#, Kotlin, Swift, PHP, Scala
  new RegExp(
    `^(?:(?:public|private|protected|internal|static|final|abstract|sealed|partial|open|data|override) ){0,5}(?:class|interface|enum|record|struct|object|protocol|extension|trait|fun|func|function|namespace) ${name}`,
  ),
  // C and C++
  new RegExp(
    `^(?:static |inline |extern |const |unsigned |struct |enum ){0,4}[A-Za-z_][\\w:<>]{0,80}[ *&]{1,4}${name}\\([^;]{0,200}$`,
  ),
  new RegExp(`^(?:typedef )?(?:struct|union|enum|class|template|namespace) ${name}`),
  // Shell
  new RegExp(`^${name} ?\\(\\) ?\\{`),
  // SQL
  new RegExp(
    `^CREATE (?:OR REPLACE )?(?:TEMP )?(?:UNIQUE )?(?:TABLE|VIEW|INDEX|FUNCTION|PROCEDURE|TRIGGER|TYPE)(?: IF NOT EXISTS)? ${name}`,
    "i",
  ),
];
const member =
  /^(?: {2,4}|\t)(?:(?:public|private|protected|internal|static|async|override|final|pub|virtual) ){0,4}(?:(?:def|fn|func|fun|function) )?([\w$#]{1,80})\([^;]{0,200}[{:]$/;
const statement = /^(?:if|for|while|switch|catch|return|else|match|with|elif|when)$/;
const before = /^(?:@|#\[|\/\/|\/\*| \*|#(?!include)|--|"""|\[[A-Z])/;
const looks = /^\s|[{}();,:=[\]]$|^(?:@|#|\/\/|\/\*|\*|--|import |from |use |package |using )/;

/** Declarations, each with the comments and decorators above it, and the methods of a class. */
export const code: Form = {
  name: "code",
  finder: () => {
    let since: number | undefined;
    return (line, at) => {
      const start = since ?? at;
      if (before.test(line)) {
        since ??= at;
        return undefined;
      }
      since = undefined;
      const declared = nameIn(line);
      if (declared !== undefined) return { at: start, level: 1, title: declared };
      const method = member.exec(line)?.[1];
      return method === undefined || statement.test(method) ? undefined : { at, level: 2, title: `${method}()` };
    };
  },
  fits: (lines, marks) => {
    const written = lines.filter((line) => line !== "");
    const looking = written.filter((line) => looks.test(line)).length;
    const isFenced = lines.some((line) => line.startsWith("```"));
    return !isFenced && marks.filter(({ level }) => level === 1).length >= 3 && looking >= written.length * 0.6;
  },
};

function nameIn(line: string): string | undefined {
  if (line === "" || !/^[A-Za-z_$]/.test(line)) return undefined;
  for (const shape of declarations) {
    const found = shape.exec(line)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}
