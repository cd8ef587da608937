/** What was measured of one target in one scenario: medians of the rounds. */
export type Figures = {
  /** CPU seconds of the process per 10,000 calls. */
  cpu?: number;
  /** Of the time that a call took, in ms. */
  p50?: number;
  p95?: number;
  p99?: number;
  /** Calls in a second. */
  rate?: number;
  rssMb?: number;
  /** Connections to the upstream that it holds. */
  connections?: number;
  /** Of what is held open: resident memory of one, in KiB. */
  kib?: number;
  /** How long one thing took, and how long nothing else got its turn meanwhile, in ms. */
  ms?: number;
  blockedMs?: number;
  /** Of what must not happen. */
  errors?: number;
  mb?: number;
};
export type Figure = keyof Figures;

export type Row = { part: string; scenario: string; target: string; figures: Figures };

/** A figure that is wanted: of one target, as it is or against something. A row that was not measured is NaN. */
export type Aim = {
  what: string;
  unit: "x" | "ms" | "KiB" | "MB" | "";
  atMost: number;
  value: (figure: (target: string, name: Figure) => number) => number;
};
export type Verdict = { part: string; scenario: string; what: string; unit: string; value: number; atMost: number };

export type Machine = { cpu: string; cores: number; memoryGb: number; system: string; bun: string; pinned: boolean };
export type Results = {
  at: string;
  version: string;
  machine: Machine;
  rounds: number;
  rows: Row[];
  verdicts: Verdict[];
};

export const isMet = ({ value, atMost }: Verdict): boolean => value <= atMost;

/** `figure` of a target against that of another. */
export const against = (figure: Figure, target: string, base: string, atMost: number, what: string): Aim => ({
  what,
  unit: "x",
  atMost,
  value: (of) => of(target, figure) / of(base, figure),
});

/** What became of the aims of a scenario. One whose figures were not measured, such as of a peer that is not there, is left out. */
export function verdictsOf(part: string, scenario: string, rows: readonly Row[], aims: readonly Aim[]): Verdict[] {
  const of = (target: string, name: Figure) =>
    rows.find((row) => row.scenario === scenario && row.target === target)?.figures[name] ?? Number.NaN;
  return aims
    .map(({ what, unit, atMost, value }) => ({ part, scenario, what, unit, atMost, value: value(of) }))
    .filter(({ value }) => !Number.isNaN(value));
}
