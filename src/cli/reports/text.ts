import type { Report, Step } from "../../client/validator/report.ts";
import type { Result, SuiteName } from "../../client/validator/suites.ts";
import { printable } from "../../lib/printable.ts";
import type { Env } from "../environment.ts";
import { type Colour, isColoured, painted } from "../printing/colour.ts";
import { fitted, wrapped } from "../wrap.ts";

type Mark = "ok" | "failed" | "warned" | "skipped";
const marks: Record<Mark, string> = { ok: "✓", failed: "✗", warned: "!", skipped: "-" };
const paints: Record<Mark, Colour> = { ok: "green", failed: "red", warned: "yellow", skipped: "gray" };
const nameWidth = 18;
const timeWidth = 8;
/** A narrower screen has no room for what stands beside a step. */
const leastColumns = 60;

/** Tells a person of each step as it ends, and at last what all of it comes to. */
export function teller(env: Env) {
  const paint = (mark: Mark, text: string) => (isColoured(env) ? painted(paints[mark], text) : text);
  const isNarrow = (env.screen?.columns ?? leastColumns) < leastColumns;
  let suite: SuiteName | undefined;

  function out(mark: Mark, text: string, beneath: readonly string[] = []): void {
    env.statusLine?.("");
    env.out(fitted(`${marks[mark]} ${text}`, env.screen).replace(marks[mark], () => paint(mark, marks[mark])));
    for (const line of beneath) env.out(fitted(`    ${printable(line)}`, env.screen));
  }

  return {
    step({ name, ok, ms, detail, notes = [] }: Step): void {
      const mark = ok ? "ok" : "failed";
      const told = printable(detail);
      if (isNarrow) out(mark, `${printable(name)}  ${ms} ms`, told === "" ? [] : [told]);
      else {
        // A name that is too long takes the room before the time, so that the rest stands in its column again.
        const title = printable(name).padEnd(nameWidth);
        const head = `${title}  ${`${ms} ms`.padStart(timeWidth - Math.max(0, title.length - nameWidth))}  `;
        // What does not fit goes on beneath its beginning.
        const [first = "", ...others] = wrapped(
          told,
          (env.screen?.columns ?? Number.POSITIVE_INFINITY) - head.length - 2,
        );
        out(mark, [head + first, ...others.map((line) => " ".repeat(head.length + 2) + line)].join("\n").trimEnd());
      }
      for (const note of notes) out("warned", printable(note));
    },
    row(of: SuiteName, { id, title, level, era, outcome, detail, ms }: Result): void {
      if (suite !== of) env.out(`\n${of}`);
      suite = of;
      const words = [id, ...(of === "security" ? [wordFor(outcome, level).padEnd(9)] : [level.padEnd(6), era]), title];
      // Whoever waits for a row wants to know that it was this one.
      const took = ms < slowMs ? "" : `  (${ms} ms)`;
      out(outcome, printable(words.join("  ")) + took, detail === "" ? [] : [detail]);
    },
    end({ url, verdict, exitCode, missing = [], suites = [], findings = [], steps, tookMs }: Report): void {
      for (const { server, reason } of missing) {
        const why = reason.replace(`server "${server}": `, "");
        env.err(`warning: ${printable(`missing: server "${server}": ${why}`)}`);
      }
      const counts = suites.map(({ suite: name, results }) => `${name}: ${countsOf(results)}`);
      const explained = findings.map(({ explain, severity, title }) => `${explain}   ${severity}: ${title}`);
      const lines = [
        "",
        `${steps.length} ${steps.length === 1 ? "step" : "steps"} in ${tookMs < 10_000 ? `${tookMs} ms` : `${Math.round(tookMs / 1000)} s`}`,
        ...counts,
        ...explained,
      ];
      for (const line of lines) env.out(fitted(printable(line), env.screen));
      const last = fitted(`${printable(url)}: ${verdict}`, env.screen);
      env.out(last.replace(verdict, () => paint(exitCode === 0 ? "ok" : "failed", verdict)));
    },
  };
}

const slowMs = 1_000;

/** A finding's title says what is wrong: beside a tick it needs a word that says it is not. */
const wordFor = (outcome: Mark, level: string): string =>
  outcome === "ok" ? "withstood" : outcome === "skipped" ? "skipped" : level;

function countsOf(results: readonly Result[]): string {
  const words: Record<Mark, string> = { ok: "passed", failed: "failed", warned: "warned", skipped: "skipped" };
  const order: readonly Mark[] = ["ok", "failed", "warned", "skipped"];
  const counts = order.map((mark) => [results.filter(({ outcome }) => outcome === mark).length, words[mark]] as const);
  return counts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(", ");
}
